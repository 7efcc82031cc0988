// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage, ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'
import { type Content, contentsOf, openContent } from '@teu/image-registry/image'
import { resolveRange } from '@teu/oci-spec/distribution'
import type { Descriptor } from '@teu/oci-spec/image'
import { refuse, type ScriptedRegistry, scriptedRegistry } from './scripted-registry.ts'

/** What may be wrong with one answer. */
export type Fault =
  /** The connection breaks after so many bytes of the body; below 0 counts from its end. */
  | { kind: 'drop'; at: number }
  /** The connection is reset before anything is said. */
  | { kind: 'reset' }
  /** An error, with `Retry-After` or without. */
  | { kind: 'status'; status: number; retryAfter?: string }
  /** Nothing comes after so many bytes, and the connection stays open. */
  | { kind: 'stall'; at: number }
  /** The bytes come a few at a time. */
  | { kind: 'slow'; size: number }
  /** A range is asked for, and everything comes. */
  | { kind: 'no-range' }
  /** The bytes are others, of the same length, or of another one. */
  | { kind: 'wrong-bytes' | 'too-short' | 'too-long' }
  /** The body is compressed, whoever asked for that. */
  | { kind: 'encoded' }
  /** The answer is elsewhere, and there as well. */
  | { kind: 'loop' }
  /** The end of the body is the end of the connection. */
  | { kind: 'http-1.0' }

/** Says what is wrong with an answer: the number of requests for the same thing that came before, and for anything. */
export type FaultPlan = (path: string, before: number, total: number) => Fault | undefined

/** A registry with one image, that does to its answers what a plan says. */
export interface FaultyRegistry extends ScriptedRegistry {
  /** Bytes of bodies that went out. */
  sent(): number
}

/** Serves `content` as `REPOSITORY:v1`, whatever the repository. */
export async function faultyRegistry(content: Content, plan: FaultPlan): Promise<FaultyRegistry> {
  const parts = new Map<string, { descriptor: Descriptor; bytes: Buffer }>()
  for (const descriptor of contentsOf(content)) {
    const bytes = Buffer.concat(await Array.fromAsync(openContent(content, descriptor.digest)))
    parts.set(descriptor.digest, { descriptor, bytes })
  }
  let sent = 0
  let total = 0
  const registry = await scriptedRegistry((request, response, before) => {
    const path = request.url ?? ''
    if (!/\/(?:manifests|blobs)\//.test(path)) return response.end('{}')
    const reference = path.split('/').at(-1) as string
    const part = parts.get(reference === 'v1' ? content.descriptor.digest : reference)
    const count = (bytes: number) => {
      sent += bytes
    }
    const answer: Answer = { request, response, count }
    const fault = plan(path, before, total++)
    if (part === undefined) return refuse(response, 404, 'MANIFEST_UNKNOWN')
    if (fault?.kind === 'reset') return request.socket.resetAndDestroy()
    if (fault?.kind === 'loop') return response.writeHead(307, { location: path }).end()
    if (fault?.kind === 'status') return refuse(response, fault.status, codeOf(fault.status), headersOf(fault))
    void answerWith(answer, part, fault)
  })
  return { ...registry, [Symbol.asyncDispose]: () => registry[Symbol.asyncDispose](), sent: () => sent }
}

interface Answer {
  request: IncomingMessage
  response: ServerResponse
  count(bytes: number): void
}

function codeOf(status: number): string {
  return status === 429 ? 'TOOMANYREQUESTS' : status === 416 ? 'RANGE_INVALID' : 'UNKNOWN'
}

function headersOf({ retryAfter }: { retryAfter?: string }): Record<string, string> {
  return retryAfter === undefined ? {} : { 'retry-after': retryAfter }
}

async function answerWith(
  { request, response, count }: Answer,
  { descriptor, bytes }: { descriptor: Descriptor; bytes: Buffer },
  fault: Fault | undefined,
): Promise<void> {
  const range = fault?.kind === 'no-range' ? undefined : resolveRange(request.headers.range ?? '', bytes.length)
  const start = range === undefined || range === 'unsatisfiable' ? 0 : range.start
  const body = changed(bytes.subarray(start), fault)
  const encoded = fault?.kind === 'encoded' ? gzipSync(body) : body
  response.writeHead(start === 0 ? 200 : 206, {
    'content-type': descriptor.mediaType,
    'docker-content-digest': descriptor.digest,
    ...(fault?.kind === 'http-1.0' ? { connection: 'close' } : { 'content-length': String(encoded.length) }),
    ...(fault?.kind === 'encoded' ? { 'content-encoding': 'gzip' } : {}),
    ...(start === 0 ? {} : { 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` }),
  })
  if (request.method === 'HEAD') return void response.end()
  const cut = fault?.kind === 'drop' || fault?.kind === 'stall' ? fault.at : encoded.length
  const end = cut < 0 ? Math.max(0, encoded.length + cut) : Math.min(cut, encoded.length)
  const step = fault?.kind === 'slow' ? Math.max(1, fault.size) : 64 * 1024
  response.flushHeaders()
  for (let at = 0; at < end && !response.destroyed; at += step) {
    const chunk = encoded.subarray(at, Math.min(at + step, end))
    count(chunk.length)
    await new Promise((resolve) => response.write(chunk, resolve))
    if (fault?.kind === 'slow') await new Promise((resolve) => setTimeout(resolve, 2))
  }
  if (fault?.kind === 'stall') return
  // What was written gets a moment to arrive before the connection goes.
  if (fault?.kind === 'drop') setTimeout(() => response.destroy(), 10)
  else response.end()
}

function changed(bytes: Buffer, fault: Fault | undefined): Buffer {
  if (fault?.kind === 'wrong-bytes') return Buffer.from(bytes).fill(0x2a)
  if (fault?.kind === 'too-short') return bytes.subarray(0, -1)
  return fault?.kind === 'too-long' ? Buffer.concat([bytes, Buffer.from('x')]) : bytes
}
