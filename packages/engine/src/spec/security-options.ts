// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'

/** What `HostConfig.SecurityOpt` says. */
export interface SecurityOptions {
  noNewPrivileges: boolean
  /** `unconfined`, the text of a profile, or undefined for the default one. */
  seccomp: string | undefined
  /** No masked and no read-only paths. */
  unmasked: boolean
  /** The AppArmor profile, `unconfined` included; undefined for the default one. */
  appArmor: string | undefined
  /** What SELinux labels are to be made of; empty for none, which `label=disable` asks for. */
  labels: readonly string[]
}

function split(option: string): [string, string] | undefined {
  const at = option.includes('=') ? option.indexOf('=') : option.indexOf(':')
  return at < 0 ? undefined : [option.slice(0, at), option.slice(at + 1)]
}

function parseBool(text: string, option: string): boolean {
  if (/^(1|t|true)$/i.test(text)) return true
  if (/^(0|f|false)$/i.test(text)) return false
  throw new StackError('invalid-argument', `invalid --security-opt 2: "${option}"`)
}

/**
 * Reads `SecurityOpt`; an unknown option is `invalid-argument`. Of several `seccomp=` or `apparmor=` the last counts,
 * and empty ones mean the default.
 */
export function parseSecurityOptions(options: readonly string[] | null | undefined): SecurityOptions {
  const result: SecurityOptions = {
    noNewPrivileges: false,
    seccomp: undefined,
    unmasked: false,
    appArmor: undefined,
    labels: [],
  }
  for (const option of options ?? []) {
    if (option === 'no-new-privileges') result.noNewPrivileges = true
    else if (option !== 'disable') readPair(option, result)
  }
  return result
}

function readPair(option: string, result: SecurityOptions): void {
  const pair = split(option)
  if (!pair) throw new StackError('invalid-argument', `invalid --security-opt 1: "${option}"`)
  const [key, value] = pair
  if (key === 'no-new-privileges') result.noNewPrivileges = parseBool(value, option)
  else if (key === 'seccomp') result.seccomp = value
  else if (key === 'apparmor') result.appArmor = value || undefined
  else if (key === 'label') result.labels = value === 'disable' ? [] : [...result.labels, value]
  else if (key === 'systempaths' && value === 'unconfined') result.unmasked = true
  else throw new StackError('invalid-argument', `invalid --security-opt 2: "${option}"`)
}

/**
 * Refuses confinement that would not be there: a profile without AppArmor in the kernel, and SELinux labels, which
 * this engine does not set. `failed-precondition` and `not-implemented`.
 */
export function refuseConfinement({ appArmor, labels }: SecurityOptions, host: { appArmor: boolean }): void {
  if (appArmor !== undefined && appArmor !== 'unconfined' && !host.appArmor) {
    const message = `AppArmor is not enabled on this host: --security-opt apparmor=${appArmor} cannot be applied`
    throw new StackError('failed-precondition', message)
  }
  const [label] = labels
  if (label === undefined) return
  throw new StackError(
    'not-implemented',
    `SELinux labels are not supported by this engine: --security-opt label=${label} cannot be applied`,
  )
}
