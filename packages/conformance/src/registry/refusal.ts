// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import type { RawReply } from './wire.ts'

/** The codes that the specification lists, and those of Docker's schema 1 that it says may be met. */
const listedCodes = [
  ...['BLOB_UNKNOWN', 'BLOB_UPLOAD_INVALID', 'BLOB_UPLOAD_UNKNOWN', 'DIGEST_INVALID', 'MANIFEST_BLOB_UNKNOWN'],
  ...['MANIFEST_INVALID', 'MANIFEST_UNKNOWN', 'NAME_INVALID', 'NAME_UNKNOWN', 'SIZE_INVALID', 'UNAUTHORIZED', 'DENIED'],
  ...['UNSUPPORTED', 'TOOMANYREQUESTS', 'TAG_INVALID', 'MANIFEST_UNVERIFIED'],
]

/** The codes of a reply in the registry's error form, or `undefined` when its body is no JSON, which is allowed. */
export function codesOf(reply: RawReply): string[] | undefined {
  // The answer to HEAD has the header, and no body.
  if (reply.body.length === 0 || !/json/.test(String(reply.headers['content-type'] ?? ''))) return undefined
  const { errors } = JSON.parse(reply.body.toString()) as { errors: { code: string; message?: unknown }[] }
  assert.ok(Array.isArray(errors) && errors.length > 0, `no list of errors: ${reply.body}`)
  for (const { code, message } of errors) {
    assert.match(code, /^[A-Z_]+$/)
    assert.ok(message === undefined || typeof message === 'string', `message: ${reply.body}`)
  }
  return errors.map(({ code }) => code)
}

/** Demands that a request was refused with one of the statuses; and with one of the codes, when there are any. */
export function assertRefused(reply: RawReply, status: number | readonly number[], ...codes: string[]): void {
  const statuses = [status].flat()
  assert.ok(statuses.includes(reply.status), `status ${reply.status}, not ${statuses.join(' or ')}: ${reply.body}`)
  const found = codesOf(reply)
  if (found === undefined || codes.length === 0) return
  assert.ok(
    found.every((code) => codes.includes(code)),
    `code ${found.join()}, not ${codes.join(' or ')}`,
  )
}

/** Demands a refusal in the form of the specification, with a code that it lists. */
export function assertListedCode(reply: RawReply): void {
  assert.ok(reply.status >= 400 && reply.status < 500, `status ${reply.status}`)
  for (const code of codesOf(reply) ?? [])
    assert.ok(listedCodes.includes(code), `${code} is no code of the specification`)
}
