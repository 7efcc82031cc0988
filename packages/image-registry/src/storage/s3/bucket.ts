// SPDX-License-Identifier: Apache-2.0
import { type ErrorCode, StackError } from '@teu/errors'
import type { ByteRange } from '@teu/oci-spec/distribution'
import type { S3StorageInit } from './s3-init.ts'

const packageName = '@aws-sdk/client-s3' as string
/** What the service allows to be named in one request. */
const maximumDeleted = 1000
/** A service that says nothing for so long is asked again. */
const requestTimeoutMs = 60_000

/** An object in a bucket. @internal */
export interface BucketObject {
  key: string
  size: number
  modified: number
}

/** Where the bytes of a part come from. @internal */
export interface CopySource {
  key: string
  range: ByteRange
}

type Sdk = typeof import('@aws-sdk/client-s3')
type Client = InstanceType<Sdk['S3Client']>

/**
 * The calls of the S3 protocol that a storage needs, of one bucket. The library behind them is an optional peer, loaded
 * with the first call; failures carry this package's codes.
 *
 * @internal
 */
export class Bucket {
  readonly #init: S3StorageInit
  #connected: Promise<{ sdk: Sdk; client: Client }> | undefined

  constructor(init: S3StorageInit) {
    this.#init = init
  }

  /** A whole object. */
  get(key: string): Promise<Uint8Array> {
    return this.#call(key, async ({ sdk, client, Bucket }) => {
      const { Body } = await client.send(new sdk.GetObjectCommand({ Bucket, Key: key }))
      return (await Body?.transformToByteArray()) ?? new Uint8Array()
    })
  }

  /** An object's bytes, or a part of them. */
  async *open(key: string, range?: ByteRange): AsyncGenerator<Uint8Array> {
    const body = await this.#call(key, async ({ sdk, client, Bucket }) => {
      const Range = range && `bytes=${range.start}-${range.end}`
      const { Body } = await client.send(new sdk.GetObjectCommand({ Bucket, Key: key, ...(Range && { Range }) }))
      return Body
    })
    if (body === undefined) return
    yield* body as unknown as AsyncIterable<Uint8Array>
  }

  async head(key: string): Promise<BucketObject | undefined> {
    try {
      return await this.#call(key, async ({ sdk, client, Bucket }) => {
        const { ContentLength = 0, LastModified } = await client.send(new sdk.HeadObjectCommand({ Bucket, Key: key }))
        return { key, size: ContentLength, modified: LastModified?.getTime() ?? 0 }
      })
    } catch (error) {
      if (error instanceof StackError && error.code === 'not-found') return undefined
      throw error
    }
  }

  put(key: string, content: Uint8Array): Promise<void> {
    return this.#call(key, async ({ sdk, client, Bucket }) => {
      await client.send(
        new sdk.PutObjectCommand({ Bucket, Key: key, Body: content, ContentLength: content.byteLength }),
      )
    })
  }

  /** All objects below a prefix, in the order of their keys. */
  async *list(prefix: string): AsyncGenerator<BucketObject> {
    for await (const { Contents = [] } of this.#pages(prefix)) {
      for (const { Key: key, Size: size = 0, LastModified } of Contents)
        if (key !== undefined) yield { key, size, modified: LastModified?.getTime() ?? 0 }
    }
  }

  /** The names right below a prefix: of objects, and of what has objects below it. */
  async names(prefix: string): Promise<string[]> {
    const found: string[] = []
    for await (const { Contents = [], CommonPrefixes = [] } of this.#pages(prefix, '/')) {
      for (const { Key } of Contents) if (Key !== undefined) found.push(Key.slice(prefix.length))
      for (const { Prefix } of CommonPrefixes) if (Prefix !== undefined) found.push(Prefix.slice(prefix.length, -1))
    }
    return found
  }

  /** Removes objects. Those that are not there are no failure. */
  async delete(keys: readonly string[]): Promise<void> {
    for (let start = 0; start < keys.length; start += maximumDeleted) {
      const part = keys.slice(start, start + maximumDeleted)
      await this.#call(part[0] as string, async ({ sdk, client, Bucket }) => {
        if (part.length === 1) {
          await client.send(new sdk.DeleteObjectCommand({ Bucket, Key: part[0] }))
          return
        }
        const Delete = { Objects: part.map((Key) => ({ Key })), Quiet: true }
        const { Errors = [] } = await client.send(new sdk.DeleteObjectsCommand({ Bucket, Delete }))
        const [first] = Errors
        if (first !== undefined) throw new StackError('unavailable', `delete ${first.Key}: ${first.Code}`)
      })
    }
  }

  /**
   * Makes an object of parts, in their order: bytes of other objects, or what `read` brings of several. It is there whole
   * or not at all.
   */
  assemble(
    key: string,
    parts: readonly CopySource[][],
    read: (sources: CopySource[]) => Promise<Uint8Array>,
  ): Promise<void> {
    return this.#call(key, async ({ sdk, client, Bucket }) => {
      const { UploadId } = await client.send(new sdk.CreateMultipartUploadCommand({ Bucket, Key: key }))
      const upload = { Bucket, Key: key, UploadId }
      try {
        const Parts: { ETag: string | undefined; PartNumber: number }[] = []
        for (const [index, sources] of parts.entries()) {
          const PartNumber = index + 1
          const [source, ...more] = sources
          if (source !== undefined && more.length === 0) {
            const CopySource = `${Bucket}/${source.key.split('/').map(encodeURIComponent).join('/')}`
            const CopySourceRange = `bytes=${source.range.start}-${source.range.end}`
            const command = new sdk.UploadPartCopyCommand({ ...upload, PartNumber, CopySource, CopySourceRange })
            Parts.push({ ETag: (await client.send(command)).CopyPartResult?.ETag, PartNumber })
          } else {
            const Body = await read(sources)
            const command = new sdk.UploadPartCommand({ ...upload, PartNumber, Body, ContentLength: Body.byteLength })
            Parts.push({ ETag: (await client.send(command)).ETag, PartNumber })
          }
        }
        await client.send(new sdk.CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }))
      } catch (error) {
        await client.send(new sdk.AbortMultipartUploadCommand(upload)).catch(() => {})
        throw error
      }
    })
  }

  /** Gives up multipart uploads that nobody will complete, whose parts would be paid for for ever. */
  abandonAssemblies(prefix: string): Promise<void> {
    return this.#call(prefix, async ({ sdk, client, Bucket }) => {
      for (let isMore = true; isMore; ) {
        const page = await client.send(new sdk.ListMultipartUploadsCommand({ Bucket, Prefix: prefix }))
        for (const { Key, UploadId } of page.Uploads ?? [])
          await client.send(new sdk.AbortMultipartUploadCommand({ Bucket, Key, UploadId }))
        isMore = page.IsTruncated === true && (page.Uploads ?? []).length > 0
      }
    })
  }

  async close(): Promise<void> {
    const connected = await this.#connected?.catch(() => undefined)
    connected?.client.destroy()
  }

  async *#pages(prefix: string, delimiter?: string) {
    let token: string | undefined
    do {
      const page = await this.#call(prefix, ({ sdk, client, Bucket }) =>
        client.send(
          new sdk.ListObjectsV2Command({
            Bucket,
            Prefix: prefix,
            ...(delimiter && { Delimiter: delimiter }),
            ...(token && { ContinuationToken: token }),
          }),
        ),
      )
      yield page
      token = page.IsTruncated === true ? page.NextContinuationToken : undefined
    } while (token !== undefined)
  }

  async #call<T>(
    key: string,
    work: (connection: { sdk: Sdk; client: Client; Bucket: string }) => Promise<T>,
  ): Promise<T> {
    this.#connected ??= this.#connect()
    const connection = await this.#connected
    try {
      return await work({ ...connection, Bucket: this.#init.bucket })
    } catch (error) {
      throw failureOf(error, key)
    }
  }

  async #connect(): Promise<{ sdk: Sdk; client: Client }> {
    // By a name that bundlers do not follow: it is a peer, and large.
    const sdk: Sdk = await import(packageName).catch((error: unknown) => {
      throw new StackError('failed-precondition', 'storage in a bucket needs the package @aws-sdk/client-s3', {
        cause: error,
      })
    })
    const { endpoint, region = process.env.AWS_REGION ?? 'us-east-1', credentials, attempts = 4 } = this.#init
    const client = new sdk.S3Client({
      region,
      ...(endpoint && { endpoint }),
      ...(credentials && { credentials }),
      forcePathStyle: this.#init.forcePathStyle ?? endpoint !== undefined,
      maxAttempts: attempts,
      requestHandler: { requestTimeout: requestTimeoutMs, connectionTimeout: requestTimeoutMs },
      // Digests are checked by whoever pulls, and some services know no other checksums.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
    })
    return { sdk, client }
  }
}

function failureOf(error: unknown, key: string): StackError {
  if (error instanceof StackError) return error
  const { name, message, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } }
  const status = $metadata?.httpStatusCode
  return new StackError(codeOf(status), `${key}: ${name}: ${message}`, { cause: error })
}

function codeOf(status: number | undefined): ErrorCode {
  if (status === 404) return 'not-found'
  if (status === 403) return 'permission-denied'
  return status !== undefined && status < 500 ? 'invalid-argument' : 'unavailable'
}
