// SPDX-License-Identifier: Apache-2.0
import { createHash, type Hash } from 'node:crypto'
import { StackError } from '@teu/errors'
import { blobPath, parseContentRange, repositoryScope } from '@teu/oci-spec/distribution'
import { type Descriptor, type Digest, digestAlgorithm, finishDigest } from '@teu/oci-spec/image'
import { isBrokenConnection, pause, retryDelay, transportFailure } from './http/retry.ts'
import { discard, encodingNote, type HttpAnswer } from './http/transport.ts'
import type { CallOptions } from './init.ts'
import type { Repository, Session } from './session.ts'

/** Options of reading a blob. @public */
export interface PullBlobOptions extends CallOptions {
  /**
   * Bytes that the caller has from an earlier attempt, from the blob's first one. They are hashed again and not
   * fetched again; only what follows them is yielded.
   */
  held?: AsyncIterable<Uint8Array> | Iterable<Uint8Array>
  /**
   * Where to start when the bytes before are not at hand, as when a content store keeps them. Only the length is then
   * checked: the digest is for the caller to check. Not together with `held`. Default 0.
   */
  offset?: number
  /**
   * Lends the chunks: each is valid until the next is asked for, and its memory is given back then, at once instead of
   * when the collector comes by. For who writes or copies them as they come; a long transfer takes no more memory than
   * a short one. Default false: chunks are the caller's to keep.
   */
  lend?: boolean
  /**
   * Told after each chunk how many bytes of the blob there are by now, the held ones included. What it throws ends the
   * transfer.
   */
  onProgress?: (received: number) => void
}

interface Transfer {
  session: Session
  repository: Repository
  descriptor: Descriptor
  signal: AbortSignal | undefined
  /** Absent when the start of the blob is not known here. */
  hash: Hash | undefined
  received: number
  /** What there is to say about how the last answer was encoded. */
  note: string
}

/**
 * A blob's bytes. Nothing is requested before the first is asked for. A connection that breaks is taken up again at the
 * byte where it broke; the end is reached only when length and digest are those of the descriptor, anything else is
 * `data-loss`. A consumer that stops early ends the request.
 *
 * @internal
 */
export async function* pullBlob(
  session: Session,
  repository: Repository,
  descriptor: Descriptor,
  { held, offset = 0, lend = false, onProgress, signal }: PullBlobOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const hash = offset === 0 ? createHash(digestAlgorithm(descriptor.digest)) : undefined
  const transfer: Transfer = { session, repository, descriptor, signal, hash, received: offset, note: '' }
  for await (const chunk of held ?? []) count(transfer, chunk)
  let fruitless = 0
  while (transfer.received < descriptor.size) {
    const before = transfer.received
    const broken = yield* onePart(transfer, lend, onProgress)
    if (broken === undefined) break
    // Only attempts that bring nothing count, so that a long transfer over a bad line comes to its end.
    fruitless = transfer.received > before ? 0 : fruitless + 1
    const delay = retryDelay(session.retry, fruitless)
    if (delay === undefined) throw broken
    await pause(delay, signal).catch((error) => {
      throw transportFailure(where(transfer), error, signal)
    })
  }
  if (transfer.received < descriptor.size) throw short(transfer)
  if (hash === undefined) return
  const actual = finishDigest(digestAlgorithm(descriptor.digest), hash)
  if (actual !== descriptor.digest) {
    throw new StackError('data-loss', `${where(transfer)}: content has digest ${actual}${transfer.note}`)
  }
}

function where({ repository, descriptor }: Transfer): string {
  return `${repository.registry}/${repository.repository}@${descriptor.digest}`
}

function short(transfer: Transfer): StackError {
  return new StackError(
    'data-loss',
    `${where(transfer)}: ended after ${transfer.received} of ${transfer.descriptor.size} bytes${transfer.note}`,
  )
}

function count(transfer: Transfer, chunk: Uint8Array): void {
  if (transfer.received + chunk.byteLength > transfer.descriptor.size) {
    throw new StackError(
      'data-loss',
      `${where(transfer)}: longer than ${transfer.descriptor.size} bytes${transfer.note}`,
    )
  }
  transfer.hash?.update(chunk)
  transfer.received += chunk.byteLength
}

/** One request's worth. Answers what broke it, or nothing when the blob is complete. */
async function* onePart(
  transfer: Transfer,
  lend: boolean,
  onProgress: ((received: number) => void) | undefined,
): AsyncGenerator<Uint8Array, StackError | undefined, undefined> {
  const answer = await request(transfer)
  transfer.note = encodingNote(answer)
  let skip = alreadyReceived(transfer, answer)
  // Whether it is the caller who has the chunk: what fails then is not the connection.
  let isLent = false
  try {
    for await (let chunk of answer.body as AsyncIterable<Uint8Array>) {
      if (skip >= chunk.byteLength) {
        skip -= chunk.byteLength
        continue
      }
      chunk = chunk.subarray(skip)
      skip = 0
      count(transfer, chunk)
      isLent = true
      onProgress?.(transfer.received)
      yield chunk
      isLent = false
      if (lend) giveBack(chunk)
    }
  } catch (error) {
    if (isLent || error instanceof StackError) throw error
    const failure = transportFailure(where(transfer), error, transfer.signal)
    if (transfer.signal?.aborted || !isBrokenConnection(error)) throw failure
    return failure
  }
  return transfer.received < transfer.descriptor.size ? short(transfer) : undefined
}

/**
 * Frees a chunk's memory. A chunk of more than half of Node's pool lies in memory of its own; when it reaches to the end
 * of that, nothing after it is still to be read there.
 */
function giveBack({ buffer, byteOffset, byteLength }: Uint8Array): void {
  const own = buffer instanceof ArrayBuffer && byteLength > Buffer.poolSize / 2
  if (own && byteOffset + byteLength === buffer.byteLength) buffer.transfer(0)
}

function request({ session, repository, descriptor, signal, received }: Transfer): Promise<HttpAnswer> {
  return session.send({
    registry: repository.registry,
    method: 'GET',
    target: blobPath(repository.repository, descriptor.digest),
    scopes: [repositoryScope(repository.repository, ['pull'])],
    headers: received === 0 ? {} : { range: `bytes=${received}-${descriptor.size - 1}` },
    accept: [200, 206],
    signal,
  })
}

/** How many of an answer's first bytes came before: all so far when the registry does not do ranges. */
function alreadyReceived(transfer: Transfer, answer: HttpAnswer): number {
  const declared = Number(answer.header('content-length') ?? Number.NaN)
  const expected = answer.status === 206 ? transfer.descriptor.size - transfer.received : transfer.descriptor.size
  if (declared > expected) {
    answer.body.on('error', () => {}).destroy()
    throw new StackError(
      'data-loss',
      `${where(transfer)}: answer of ${declared} bytes where ${expected} are left${transfer.note}`,
    )
  }
  if (answer.status === 200) return transfer.received
  const range = parseContentRange(answer.header('content-range') ?? '')
  if (range?.start === transfer.received) return 0
  answer.body.on('error', () => {}).destroy()
  throw new StackError('data-loss', `${where(transfer)}: answer is of another range than asked for`)
}

/**
 * Whether the registry has a blob in a repository. `actions` is what the caller is going to do there, so that one token
 * serves it all.
 *
 * @internal
 */
export async function hasBlob(
  session: Session,
  repository: Repository,
  digest: Digest,
  { signal, actions = ['pull'] }: CallOptions & { actions?: ('pull' | 'push')[] },
): Promise<boolean> {
  const answer = await session.send({
    registry: repository.registry,
    method: 'HEAD',
    target: blobPath(repository.repository, digest),
    scopes: [repositoryScope(repository.repository, actions)],
    accept: [200, 404],
    signal,
  })
  await discard(answer)
  return answer.status === 200
}
