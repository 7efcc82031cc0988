// SPDX-License-Identifier: Apache-2.0
import { codeFromHttp, type ErrorCode, StackError } from '@teu/errors'
import { parseErrorBody, type RegistryError } from '@teu/oci-spec/distribution'

/** What a registry said when it refused: the cause of the `StackError` that callers see. @public */
export class RegistryAnswer extends Error {
  readonly status: number
  readonly errors: readonly RegistryError[]

  constructor(status: number, errors: readonly RegistryError[]) {
    super(describe(status, errors))
    this.name = 'RegistryAnswer'
    this.status = status
    this.errors = errors
  }
}

/** The answer that lies behind an error of this client; `undefined` when the registry never answered. @public */
export function registryAnswerOf(error: unknown): RegistryAnswer | undefined {
  for (let depth = 0, at = error; depth < 16 && at instanceof Error; depth++, at = at.cause) {
    if (at instanceof RegistryAnswer) return at
  }
  return undefined
}

/** Errors as docker prints them, `manifest unknown: no such tag`; without any, the status. */
function describe(status: number, errors: readonly RegistryError[]): string {
  if (errors.length === 0) return `unexpected status ${status}`
  return errors
    .map(({ code, message }) => `${code.toLowerCase().replaceAll('_', ' ')}: ${message}`.slice(0, 1024))
    .join('; ')
}

/** The error of an answer that is not what was asked for. `doing` names method and place. @internal */
export function failureOf(doing: string, status: number, body: string): StackError {
  const answer = new RegistryAnswer(status, parseErrorBody(body))
  return new StackError(codeOfStatus(status), `${doing}: ${answer.message}`, { cause: answer })
}

function codeOfStatus(status: number): ErrorCode {
  if (status === 405) return 'not-implemented'
  if (status === 413) return 'resource-exhausted'
  if (status === 416) return 'out-of-range'
  return status >= 500 || status === 408 ? 'unavailable' : codeFromHttp(status)
}

/** A URL as it may appear in messages and logs: without user, query and fragment, which may hold secrets. @internal */
export function redact(url: URL): string {
  return `${url.origin}${url.pathname}`
}
