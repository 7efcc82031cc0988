// SPDX-License-Identifier: Apache-2.0
import { readControl, writeControl } from '../files.ts'
import type { DeviceRule } from '../resources.ts'

/** One write to `devices.allow` or `devices.deny`. @internal */
export interface DeviceWrite {
  file: 'devices.allow' | 'devices.deny'
  value: string
}

/** Makes the device list of a cgroup what the rules say, touching only what differs. No rule at all denies all. @internal */
export function applyV1Devices(folder: string, rules: readonly DeviceRule[]): void {
  const current = readControl(folder, 'devices.list') ?? ''
  for (const { file, value } of deviceWrites(current, rules)) writeControl(folder, file, value)
}

/**
 * The writes that lead from a `devices.list` to the rules. Where both are lists of what is allowed, only the difference
 * is written, so that a running container never loses a device in between. Otherwise all is set anew.
 *
 * @internal
 */
export function deviceWrites(currentList: string, rules: readonly DeviceRule[]): DeviceWrite[] {
  const wanted = stateOf(rules)
  const current = parseList(currentList)
  if (current.allowAll || wanted.allowAll) return [...resetTo(wanted), ...exceptions(wanted)]
  const writes: DeviceWrite[] = []
  for (const [device, access] of wanted.access) {
    const missing = without(access, current.access.get(device) ?? '')
    if (missing) writes.push({ file: 'devices.allow', value: `${device} ${missing}` })
  }
  for (const [device, access] of current.access) {
    const surplus = without(access, wanted.access.get(device) ?? '')
    if (surplus) writes.push({ file: 'devices.deny', value: `${device} ${surplus}` })
  }
  return writes
}

/** A default, and by `type major:minor` the access letters that are otherwise. */
interface DeviceState {
  allowAll: boolean
  access: Map<string, string>
}

function stateOf(rules: readonly DeviceRule[]): DeviceState {
  const state: DeviceState = { allowAll: false, access: new Map() }
  for (const rule of rules) addRule(state, rule)
  return state
}

function addRule(state: DeviceState, rule: DeviceRule): void {
  const { type = 'a', major = -1, minor = -1, access } = rule
  const letters = access || 'rwm'
  if (type === 'a' && major < 0 && minor < 0 && without('rwm', letters) === '') {
    state.allowAll = rule.allow
    state.access.clear()
    return
  }
  for (const kind of type === 'a' ? ['b', 'c'] : [type === 'u' ? 'c' : type]) {
    const device = `${kind} ${major < 0 ? '*' : major}:${minor < 0 ? '*' : minor}`
    const known = state.access.get(device) ?? ''
    const changed = rule.allow === state.allowAll ? without(known, letters) : without(known, letters) + letters
    if (changed) state.access.set(device, sorted(changed))
    else state.access.delete(device)
  }
}

function parseList(text: string): DeviceState {
  const state: DeviceState = { allowAll: false, access: new Map() }
  for (const line of text.split('\n')) {
    const match = /^([abc]) (\S+:\S+) ([rwm]+)$/.exec(line)
    if (!match) continue
    if (match[1] === 'a') state.allowAll = true
    else state.access.set(`${match[1]} ${match[2]}`, sorted(match[3] as string))
  }
  return state
}

function resetTo({ allowAll }: DeviceState): DeviceWrite[] {
  return [{ file: allowAll ? 'devices.allow' : 'devices.deny', value: 'a' }]
}

function exceptions({ allowAll, access }: DeviceState): DeviceWrite[] {
  const file = allowAll ? 'devices.deny' : 'devices.allow'
  return [...access].map(([device, letters]) => ({ file, value: `${device} ${letters}` }))
}

function without(letters: string, removed: string): string {
  return [...letters].filter((letter) => !removed.includes(letter)).join('')
}

function sorted(letters: string): string {
  return ['r', 'w', 'm'].filter((letter) => letters.includes(letter)).join('')
}
