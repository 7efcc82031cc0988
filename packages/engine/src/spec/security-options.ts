// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'

/** What `HostConfig.SecurityOpt` says. */
export interface SecurityOptions {
  noNewPrivileges: boolean
  /** `unconfined`, the text of a profile, or undefined for the default one. */
  seccomp: string | undefined
  /** No masked and no read-only paths. */
  unmasked: boolean
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
 * Reads `SecurityOpt`. `apparmor=` and `label=` are accepted and have no effect on a kernel without these modules;
 * an unknown option is `invalid-argument`. Of several `seccomp=` the last counts.
 */
export function parseSecurityOptions(options: readonly string[] | null | undefined): SecurityOptions {
  const result: SecurityOptions = { noNewPrivileges: false, seccomp: undefined, unmasked: false }
  for (const option of options ?? []) {
    if (option === 'no-new-privileges') {
      result.noNewPrivileges = true
      continue
    }
    if (option === 'disable') continue
    const pair = split(option)
    if (!pair) throw new StackError('invalid-argument', `invalid --security-opt 1: "${option}"`)
    const [key, value] = pair
    if (key === 'no-new-privileges') result.noNewPrivileges = parseBool(value, option)
    else if (key === 'seccomp') result.seccomp = value
    else if (key === 'systempaths' && value === 'unconfined') result.unmasked = true
    else if (key !== 'apparmor' && key !== 'label') {
      throw new StackError('invalid-argument', `invalid --security-opt 2: "${option}"`)
    }
  }
  return result
}
