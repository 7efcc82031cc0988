// SPDX-License-Identifier: Apache-2.0
import { parseUploadRange } from '@teu/oci-spec/distribution'
import type { Exchange } from '../exchange.ts'
import { Failure } from '../failure.ts'
import type { Serve } from '../front/front.ts'
import { innerCall } from '../front/inner-call.ts'
import type { Route } from '../router.ts'
import type { LimitsInit } from './limits-init.ts'

/** Refuses manifests and blobs that are too long, as soon as that is known. @internal */
export function sizeLimits({ manifestBytes, blobBytes }: LimitsInit, next: Serve): Serve {
  if (manifestBytes === undefined && blobBytes === undefined) return next
  return async (found, exchange) => {
    const { method } = exchange
    if (found.kind === 'manifest' && method === 'PUT' && manifestBytes !== undefined) {
      return next(found, bounded(exchange, manifestBytes, 0))
    }
    const sends = found.kind === 'uploads' ? method === 'POST' : found.kind === 'upload' && /^(PATCH|PUT)$/.test(method)
    if (!sends || blobBytes === undefined) return next(found, exchange)
    const held = found.kind === 'upload' ? await lengthOf(next, found) : 0
    await next(found, bounded(exchange, blobBytes, held))
  }
}

/** How much of an upload is there. */
async function lengthOf(next: Serve, found: Route): Promise<number> {
  const { status, headers } = await innerCall(next, found)
  const range = status === 204 ? parseUploadRange(headers['range'] ?? '') : undefined
  // An empty upload is told by the same range as one of a single byte.
  return range === undefined || range.end === 0 ? 0 : range.end + 1
}

/** The same exchange with a body that breaks off where, with what is held, it becomes too long. */
function bounded(exchange: Exchange, limit: number, held: number): Exchange {
  const tooLong = () => new Failure('SIZE_INVALID', `longer than the limit of ${limit} bytes`, { status: 413 })
  if (held + Number(exchange.header('content-length') ?? 0) > limit) throw tooLong()
  async function* body(): AsyncGenerator<Uint8Array> {
    let length = held
    for await (const chunk of exchange.body) {
      length += chunk.byteLength
      if (length > limit) throw tooLong()
      yield chunk
    }
  }
  return { ...exchange, body: body() }
}
