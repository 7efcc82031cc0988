// SPDX-License-Identifier: Apache-2.0
import { createHash, type Hash, randomUUID } from 'node:crypto'
import { formatUploadRange, isRepositoryName, parseUploadRange, uploadsPath } from '@teu/oci-spec/distribution'
import { type Digest, digestAlgorithm, finishDigest, isDigest, parseDigest } from '@teu/oci-spec/image'
import type { StorageDriver } from '../storage/driver.ts'
import { listRepositories } from '../storage/links.ts'
import { tree } from '../storage/tree.ts'
import type { Blobs } from './blobs.ts'
import type { Exchange } from './exchange.ts'
import { Failure } from './failure.ts'

/** The hash of an upload so far. It is lost with the process; then the bytes are read again at the end. */
interface Running {
  hash: Hash
  hashed: number
}

/** Uploads that nobody finished are removed after a week, as in Docker's registry. */
const maximumAgeMs = 7 * 24 * 3600 * 1000

/**
 * Uploads: opened, sent in parts in their order, and finished with a digest. Their state lies in storage under an id
 * that the registry chose, within one repository, so it survives a restart and cannot be taken elsewhere.
 *
 * @internal
 */
export class Uploads {
  readonly #driver: StorageDriver
  readonly #blobs: Blobs
  readonly #running = new Map<string, Running>()
  /** Per upload, the end of what is being done to it: its parts must not overlap. */
  readonly #queues = new Map<string, Promise<unknown>>()

  constructor(driver: StorageDriver, blobs: Blobs) {
    this.#driver = driver
    this.#blobs = blobs
  }

  /** Opens an upload, shares another repository's blob, or takes a blob in one request. */
  async begin(name: string, exchange: Exchange): Promise<void> {
    const { query } = exchange
    const mount = query.get('mount')
    if (mount !== null && isDigest(mount)) {
      const from = query.get('from') ?? ''
      if (isRepositoryName(from) && (await this.#blobs.mount(name, mount, from)))
        return this.#blobs.created(name, mount, exchange)
    }
    const id = randomUUID()
    const place = tree.upload(name, id)
    const digest = query.has('digest') ? askedDigest(query) : undefined
    await this.#driver.write(`${place}/startedat`, Buffer.from(new Date().toISOString()))
    await this.#driver.write(`${place}/data`, new Uint8Array())
    if (digest === undefined) return exchange.answer(202, state(name, id, 0))
    await this.#add(place, 0, exchange.body)
    await this.#commit(name, place, digest)
    this.#blobs.created(name, digest, exchange)
  }

  /** Says how far an upload came. */
  async status(name: string, id: string, exchange: Exchange): Promise<void> {
    exchange.answer(204, state(name, id, await this.#length(tree.upload(name, id))))
  }

  /** Takes a part. */
  async patch(name: string, id: string, exchange: Exchange): Promise<void> {
    const place = tree.upload(name, id)
    await this.#inTurn(place, async () => {
      const length = await this.#length(place)
      checkRange(name, id, length, exchange)
      exchange.answer(202, state(name, id, await this.#add(place, length, exchange.body)))
    })
  }

  /** Takes the last part, if any, and turns the upload into a blob. */
  async finish(name: string, id: string, exchange: Exchange): Promise<void> {
    const place = tree.upload(name, id)
    await this.#inTurn(place, async () => {
      const length = await this.#length(place)
      const digest = askedDigest(exchange.query)
      checkRange(name, id, length, exchange)
      if (hasBody(exchange)) await this.#add(place, length, exchange.body)
      await this.#commit(name, place, digest)
      this.#blobs.created(name, digest, exchange)
    })
  }

  async cancel(name: string, id: string, exchange: Exchange): Promise<void> {
    const place = tree.upload(name, id)
    await this.#inTurn(place, async () => {
      await this.#length(place)
      await this.#forget(place)
      exchange.answer(204, { 'docker-upload-uuid': id })
    })
  }

  /** Removes what was begun more than a week ago. */
  async sweep(now: number): Promise<void> {
    for (const name of await listRepositories(this.#driver, '_uploads')) {
      for (const id of await this.#driver.list(tree.uploads(name))) {
        const place = tree.upload(name, id)
        const started = await this.#driver.read(`${place}/startedat`).catch(() => new Uint8Array())
        if (!(now - Date.parse(Buffer.from(started).toString('latin1')) < maximumAgeMs)) await this.#forget(place)
      }
    }
  }

  async #length(place: string): Promise<number> {
    const found = await this.#driver.stat(`${place}/data`)
    if (found === undefined) throw new Failure('BLOB_UPLOAD_UNKNOWN')
    return found.size
  }

  async #add(place: string, offset: number, body: AsyncIterable<Uint8Array>): Promise<number> {
    const known = this.#running.get(place)
    // A part that broke off may have been hashed further than it was stored.
    const usable = known?.hashed === offset ? known : undefined
    const running = offset === 0 ? { hash: createHash('sha256'), hashed: 0 } : usable
    if (running === undefined) this.#running.delete(place)
    else this.#running.set(place, running)
    return this.#driver.append(`${place}/data`, offset, running === undefined ? body : hashing(running, body))
  }

  async #commit(name: string, place: string, digest: Digest): Promise<void> {
    try {
      const actual = await this.#digest(place, digest)
      if (actual !== digest) throw new Failure('DIGEST_INVALID', `content has digest ${actual}`)
      await this.#blobs.take(name, digest, `${place}/data`)
    } finally {
      await this.#forget(place)
    }
  }

  async #digest(place: string, wanted: Digest): Promise<Digest> {
    const algorithm = digestAlgorithm(wanted)
    const running = this.#running.get(place)
    if (algorithm === 'sha256' && running?.hashed === (await this.#length(place)))
      return finishDigest(algorithm, running.hash)
    const hash = createHash(algorithm)
    for await (const chunk of this.#driver.open(`${place}/data`)) hash.update(chunk)
    return finishDigest(algorithm, hash)
  }

  async #forget(place: string): Promise<void> {
    this.#running.delete(place)
    await this.#driver.remove(place)
  }

  async #inTurn(place: string, work: () => Promise<void>): Promise<void> {
    const before = this.#queues.get(place) ?? Promise.resolve()
    const mine = before.then(work, work)
    const settled = mine.catch(() => {})
    this.#queues.set(place, settled)
    try {
      await mine
    } finally {
      if (this.#queues.get(place) === settled) this.#queues.delete(place)
    }
  }
}

async function* hashing(running: Running, body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) {
    running.hash.update(chunk)
    running.hashed += chunk.byteLength
    yield chunk
  }
}

function state(name: string, id: string, length: number): Record<string, string> {
  return {
    location: `${uploadsPath(name)}${id}`,
    range: formatUploadRange(length),
    'docker-upload-uuid': id,
  }
}

function hasBody({ header }: Exchange): boolean {
  return header('transfer-encoding') !== undefined || Number(header('content-length') ?? 0) > 0
}

function askedDigest(query: URLSearchParams): Digest {
  const [digest, ...more] = query.getAll('digest')
  if (digest === undefined || digest === '') throw new Failure('DIGEST_INVALID', 'digest missing')
  if (more.length > 0) throw new Failure('DIGEST_INVALID', 'more than one digest')
  try {
    return parseDigest(digest)
  } catch (error) {
    throw new Failure('DIGEST_INVALID', (error as Error).message)
  }
}

/** A part that says where it belongs must begin where the upload ends. */
function checkRange(name: string, id: string, length: number, { header }: Exchange): void {
  const text = header('content-range')
  if (text === undefined || text === '') return
  const range = parseUploadRange(text)
  if (range === undefined || range.start !== length) {
    throw new Failure('BLOB_UPLOAD_INVALID', undefined, { status: 416, headers: state(name, id, length) })
  }
  const announced = header('content-length')
  if (announced !== undefined && Number(announced) !== range.end - range.start + 1) throw new Failure('SIZE_INVALID')
}
