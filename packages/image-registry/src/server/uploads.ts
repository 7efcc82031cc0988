// SPDX-License-Identifier: Apache-2.0
import { formatUploadRange, isRepositoryName, parseUploadRange, uploadsPath } from '@teu/oci-spec/distribution'
import { type Digest, type DigestAlgorithm, digestAlgorithms, isDigest, parseDigest } from '@teu/oci-spec/image'
import type { BlobStore } from '../store/blob-store.ts'
import type { UploadStore } from '../store/upload-store.ts'
import { answerCreated } from './blobs.ts'
import type { Exchange } from './exchange.ts'
import { Failure } from './failure.ts'

/** Uploads, as the protocol speaks of them. @internal */
export class Uploads {
  readonly #store: UploadStore
  readonly #blobs: BlobStore

  constructor(store: UploadStore, blobs: BlobStore) {
    this.#store = store
    this.#blobs = blobs
  }

  /** Opens an upload, shares another repository's blob, or takes a blob in one request. */
  async begin(name: string, exchange: Exchange): Promise<void> {
    const { query } = exchange
    const mount = query.get('mount')
    if (mount !== null && isDigest(mount)) {
      const from = query.get('from') ?? ''
      if (isRepositoryName(from) && (await this.#blobs.mount(name, mount, from)))
        return answerCreated(name, mount, exchange)
    }
    const digest = query.has('digest') ? askedDigest(query) : undefined
    if (digest !== undefined) {
      await this.#store.ingest(name, digest, exchange.body)
      return answerCreated(name, digest, exchange)
    }
    exchange.answer(202, state(name, await this.#store.begin(name, askedAlgorithm(query)), 0))
  }

  /** Says how far an upload came. */
  async status(name: string, id: string, exchange: Exchange): Promise<void> {
    exchange.answer(204, state(name, id, await this.#store.length(name, id)))
  }

  /** Takes a part. */
  async patch(name: string, id: string, exchange: Exchange): Promise<void> {
    await this.#store.use(name, id, async (upload) => {
      checkRange(name, id, upload.length, exchange)
      exchange.answer(202, state(name, id, await upload.add(exchange.body)))
    })
  }

  /** Takes the last part, if any, and turns the upload into a blob. */
  async finish(name: string, id: string, exchange: Exchange): Promise<void> {
    await this.#store.use(name, id, async (upload) => {
      const digest = askedDigest(exchange.query)
      checkRange(name, id, upload.length, exchange)
      if (hasBody(exchange)) await upload.add(exchange.body)
      await upload.finish(digest)
      answerCreated(name, digest, exchange)
    })
  }

  async cancel(name: string, id: string, exchange: Exchange): Promise<void> {
    await this.#store.use(name, id, async (upload) => {
      await upload.cancel()
      exchange.answer(204, { 'docker-upload-uuid': id })
    })
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

/** Which digest a caller means to finish with; only a hint, which spares reading the content once more. */
function askedAlgorithm(query: URLSearchParams): DigestAlgorithm {
  const asked = query.get('digest-algorithm') ?? 'sha256'
  const known = digestAlgorithms.find((algorithm) => algorithm === asked)
  if (known === undefined) throw new Failure('DIGEST_INVALID', `unsupported digest algorithm ${asked.slice(0, 64)}`)
  return known
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
