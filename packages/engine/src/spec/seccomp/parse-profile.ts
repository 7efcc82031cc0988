// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import { parseExactJson, seccompActions, seccompOperators } from '@teu/oci-spec/runtime'
import type { ProfileRule, SeccompProfile } from './profile.ts'

/** The longest profile that is read: 1 MiB, as the API's largest header. */
const maximumLength = 1024 * 1024

type Json = Record<string, unknown>

function fail(detail: string, cause?: unknown): never {
  throw new StackError('invalid-argument', `decoding seccomp profile failed: ${detail}`, { cause })
}

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

function checkArg(arg: unknown): void {
  if (!isObject(arg)) fail('an argument is not an object')
  if (!Number.isInteger(arg.index) || (arg.index as number) < 0 || (arg.index as number) > 5) {
    fail(`argument index ${String(arg.index)} is not in 0 to 5`)
  }
  if (typeof arg.value !== 'number' && typeof arg.value !== 'bigint') fail('an argument has no value')
  if (!seccompOperators.includes(arg.op as (typeof seccompOperators)[number])) {
    fail(`unknown operator ${String(arg.op)}`)
  }
}

function checkAction(action: unknown): void {
  if (!seccompActions.includes(action as (typeof seccompActions)[number])) fail(`unknown action ${String(action)}`)
}

/** Older profiles name one call a rule in `name`; both at once are refused. */
function toRule(value: unknown): ProfileRule {
  if (!isObject(value)) fail('a system call rule is not an object')
  const { name, names = [], ...rest } = value
  if (name && Array.isArray(names) && names.length > 0) {
    fail("use either 'name' or 'names', both at the same time are not allowed")
  }
  const all = name ? [name] : names
  if (!Array.isArray(all) || !all.every((item) => typeof item === 'string')) fail('a rule has no list of names')
  checkAction(rest.action)
  const args = rest.args ?? []
  if (!Array.isArray(args)) fail('the arguments of a rule are not a list')
  args.forEach(checkArg)
  return { ...(rest as unknown as ProfileRule), names: all, args }
}

/**
 * Reads a seccomp profile given as text in `--security-opt seccomp=`. `invalid-argument` names what is wrong in it.
 */
export function parseProfile(text: string): SeccompProfile {
  if (text.length > maximumLength) fail(`it is longer than ${maximumLength} characters`)
  let value: unknown
  try {
    value = parseExactJson(text)
  } catch (error) {
    fail((error as Error).message, error)
  }
  if (!isObject(value)) fail('it is not an object')
  checkAction(value.defaultAction)
  const syscalls = value.syscalls ?? []
  if (!Array.isArray(syscalls)) fail('syscalls is not a list')
  return { ...(value as unknown as SeccompProfile), syscalls: syscalls.map(toRule) }
}
