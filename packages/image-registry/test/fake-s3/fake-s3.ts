// SPDX-License-Identifier: Apache-2.0
// A service that speaks the S3 protocol and lets nothing pass that Amazon's would not: signatures, digests of bodies,
// lengths, the rules of multipart uploads, pages of listings. It keeps one bucket in memory.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { multipart } from './multipart.ts'
import { copyObject, deleteMany, listObjects, objectCalls } from './objects.ts'
import { checkSignature } from './signature.ts'
import { errorBody, S3Error, type State } from './state.ts'

/** How the service behaves. */
export interface FakeS3Options {
  /** Names on a page of a listing at most. Default 1000, as Amazon's. */
  pageSize?: number
  /** Answer every n-th request with 503 SlowDown, and break every n-th off, before anything was done. Default: none. */
  failEvery?: number
}

/** A running service. */
export interface FakeS3 extends AsyncDisposable {
  endpoint: string
  bucket: string
  credentials: { accessKeyId: string; secretAccessKey: string }
  /** What the bucket holds, for tests to look at and to spoil. */
  objects: Map<string, { content: Buffer; modified: Date; etag: string }>
  /** Multipart uploads that are under way. */
  uploads: State['uploads']
  /** Each request: its method and what was called. */
  log: string[]
}

const credentials = { accessKeyId: 'teu-test-key', secretAccessKey: 'teu-test-secret' }

/** Starts the service on a free port of this machine. */
export async function startFakeS3({ pageSize = 1000, failEvery = 0 }: FakeS3Options = {}): Promise<FakeS3> {
  const state: State = { bucket: 'registry', pageSize, objects: new Map(), uploads: new Map(), log: [] }
  let count = 0
  const server = createServer((request, response) => {
    count++
    if (failEvery > 0 && count % failEvery === 0) {
      if ((count / failEvery) % 2 === 0) return void request.socket.destroy()
      request.resume()
      return void fail(response, new S3Error(503, 'SlowDown'))
    }
    void serve(state, request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bucket: state.bucket,
    credentials,
    objects: state.objects,
    uploads: state.uploads,
    log: state.log,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function serve(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const body = await readBody(request)
    const url = new URL(request.url ?? '/', 'http://s3')
    checkSignature(request, url, body, credentials)
    const [, bucket, ...rest] = url.pathname.split('/')
    if (bucket !== state.bucket) throw new S3Error(404, 'NoSuchBucket')
    const key = decodeURIComponent(rest.join('/'))
    state.log.push(`${request.method} ${[...url.searchParams.keys()].filter((name) => name !== 'x-id').join(',')}`)
    dispatch(state, { request, response, url, key, body })
  } catch (error) {
    fail(response, error instanceof S3Error ? error : new S3Error(500, 'InternalError', String(error)))
  }
}

/** A request whose body has been read. */
export interface Call {
  request: IncomingMessage
  response: ServerResponse
  url: URL
  key: string
  body: Buffer
}

function dispatch(state: State, call: Call): void {
  const { url, key, request } = call
  const has = (name: string) => url.searchParams.has(name)
  if (key === '') {
    if (request.method === 'GET' && url.searchParams.get('list-type') === '2') return listObjects(state, call)
    if (request.method === 'GET' && has('uploads')) return multipart.list(state, call)
    if (request.method === 'POST' && has('delete')) return deleteMany(state, call)
    throw new S3Error(405, 'MethodNotAllowed')
  }
  if (request.method === 'POST' && has('uploads')) return multipart.create(state, call)
  if (has('uploadId')) return multipart.part(state, call)
  if (request.method === 'PUT' && request.headers['x-amz-copy-source'] !== undefined) return copyObject(state, call)
  const act = objectCalls[request.method ?? '']
  if (act === undefined) throw new S3Error(405, 'MethodNotAllowed')
  act(state, call)
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const body = Buffer.concat(chunks)
  if (request.method === 'PUT' && request.headers['content-length'] === undefined)
    throw new S3Error(411, 'MissingContentLength')
  return body
}

function fail(response: ServerResponse, error: S3Error): void {
  if (response.headersSent) return void response.destroy()
  response.writeHead(error.status, { 'content-type': 'application/xml' })
  response.end(response.req.method === 'HEAD' ? undefined : errorBody(error))
}
