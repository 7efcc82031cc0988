// SPDX-License-Identifier: Apache-2.0
import { codeFromHttp, type ErrorCode, StackError } from '@teu/errors'
import { parseErrorBody, type RegistryError } from '@teu/oci-spec/distribution'
import { describeQuota, quotaOf, type RegistryQuota } from './quota.ts'

/** What a registry said when it refused: the cause of the `StackError` that callers see. @public */
export class RegistryAnswer extends Error {
  /** The status of the answer. */
  readonly status: number
  /** What its body said, in the registry's own codes; none when it was no registry that answered. */
  readonly errors: readonly RegistryError[]
  /** What was asked, `GET` for instance. */
  readonly method: string
  /** Where, without a query. */
  readonly url: string
  /** Host and port. */
  readonly host: string
  /** The repository that it was about. */
  readonly repository: string | undefined
  /** The tag or the digest that it was about. */
  readonly reference: string | undefined
  /** What the caller may still do, where the registry says so: with a 429 mostly nothing, and for how long. */
  readonly quota: RegistryQuota | undefined

  constructor(status: number, errors: readonly RegistryError[], method: string, url: URL, quota?: RegistryQuota) {
    super(describe(status, errors))
    this.name = 'RegistryAnswer'
    this.status = status
    this.errors = errors
    this.method = method
    this.url = redact(url)
    this.host = url.host
    this.quota = quota
    const [, repository, reference] = /\/v2\/(.+)\/(?:blobs|manifests|tags|referrers)\/([^/]*)/.exec(url.pathname) ?? []
    this.repository = repository
    this.reference = reference === 'uploads' || reference === 'list' ? undefined : reference
  }
}

/** The answer that lies behind an error of this client; `undefined` when the registry never answered. @public */
export function registryAnswerOf(error: unknown): RegistryAnswer | undefined {
  for (let depth = 0, at = error; depth < 16 && at instanceof Error; depth++, at = at.cause) {
    if (at instanceof RegistryAnswer) return at
  }
  return undefined
}

/** What a status says where there is no body that would, as to HEAD; in the words of docker. */
const words: Readonly<Record<number, string>> = {
  401: 'unauthorized: authentication required',
  403: 'denied: requested access to the resource is denied',
  404: 'not found',
  429: 'toomanyrequests: too many requests',
}

/** Errors as docker prints them, `manifest unknown: no such tag`; without any, what the status says. */
function describe(status: number, errors: readonly RegistryError[]): string {
  if (errors.length === 0) return words[status] ?? `unexpected status ${status}`
  return errors
    .map(({ code, message }) => `${code.toLowerCase().replaceAll('_', ' ')}: ${message}`.slice(0, 1024))
    .join('; ')
}

/** The error of an answer that is not what was asked for. @internal */
export function failureOf(
  method: string,
  url: URL,
  status: number,
  body: string,
  header: (name: string) => string | undefined = () => undefined,
): StackError {
  const quota = quotaOf(header)
  const answer = new RegistryAnswer(status, parseErrorBody(body), method, url, quota)
  const left = status === 429 && quota !== undefined ? `; ${describeQuota(quota)}` : ''
  const suffix = answer.errors.length === 0 && words[status] === undefined ? '' : ` (HTTP ${status}${left})`
  return new StackError(codeOfStatus(status), `${method} ${answer.url}: ${answer.message}${suffix}`, { cause: answer })
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
