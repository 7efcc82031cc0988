// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs'
import type { LinuxDeviceCgroup } from '@teu/oci-spec/runtime'
import { property, type UnitProperty } from './property.ts'

/**
 * Device rules as systemd understands them: a list of what is allowed. What it cannot say (all minors of a number that
 * no driver has) is left to the rules in the cgroup itself.
 *
 * @internal
 */
export function deviceProperties(rules: readonly LinuxDeviceCgroup[], version: number): UnitProperty[] {
  const allowed = new Map<string, Set<string>>()
  let everything = false
  for (const rule of rules) {
    const kinds =
      rule.type === undefined || rule.type === 'a' ? ['block', 'char'] : [rule.type === 'b' ? 'block' : 'char']
    const all = (rule.type ?? 'a') === 'a' && !isNumber(rule.major) && !isNumber(rule.minor)
    if (all) {
      everything = rule.allow
      allowed.clear()
      continue
    }
    for (const kind of kinds) apply(allowed, deviceName(kind, rule), rule)
  }
  if (everything) return [property('DevicePolicy', 's', 'auto'), property('DeviceAllow', 'a(ss)', [])]
  const list = [...allowed].flatMap(([name, access]) => (access.size === 0 ? [] : [[name, [...access].join('')]]))
  // Before 240, systemd warned of every path that has no node.
  const known = version >= 240 ? list : list.filter(([name = '']) => !name.startsWith('/dev/'))
  return [property('DevicePolicy', 's', 'strict'), property('DeviceAllow', 'a(ss)', known)]
}

function apply(
  allowed: Map<string, Set<string>>,
  name: string | undefined,
  { allow, access }: LinuxDeviceCgroup,
): void {
  if (name === undefined) return
  const letters = allowed.get(name) ?? new Set()
  for (const letter of access || 'rwm') {
    if (allow) letters.add(letter)
    else letters.delete(letter)
  }
  allowed.set(name, letters)
}

function deviceName(kind: string, { major, minor }: LinuxDeviceCgroup): string | undefined {
  if (!isNumber(major)) return `${kind}-*`
  if (isNumber(minor)) return `/dev/${kind}/${major}:${minor}`
  const driver = driverOf(kind, major)
  return driver === undefined ? undefined : `${kind}-${driver}`
}

function isNumber(value: number | undefined): value is number {
  return value !== undefined && value >= 0
}

/** The name in /proc/devices, which lists characters first. */
function driverOf(kind: string, major: number): string | undefined {
  const [characters = '', blocks = ''] = readFileSync('/proc/devices', 'utf8').split('Block devices:')
  const section = kind === 'block' ? blocks : characters
  return new RegExp(`^ *${major} (\\S+)$`, 'm').exec(section)?.[1]
}
