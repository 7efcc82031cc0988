// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'

/**
 * The environment in the form execve takes it: of a name that is set twice the last value counts. Throws
 * `invalid-argument` for an entry without `=` or without a name.
 *
 * @internal
 */
export function normalizeEnvironment(entries: readonly string[]): string[] {
  const variables = new Map<string, string>()
  for (const entry of entries) {
    const equals = entry.indexOf('=')
    if (equals < 0)
      throw new StackError(
        'invalid-argument',
        `unable to start container process: invalid environment variable: ${JSON.stringify(entry)}`,
      )
    if (equals === 0)
      throw new StackError(
        'invalid-argument',
        'unable to start container process: environment variable name cannot be empty',
      )
    variables.set(entry.slice(0, equals), entry)
  }
  return [...variables.values()]
}

/** Whether a variable is set to something; an empty HOME counts as none. @internal */
export function hasValue(entries: readonly string[], name: string): boolean {
  return entries.some((entry) => entry.startsWith(`${name}=`) && entry.length > name.length + 1)
}
