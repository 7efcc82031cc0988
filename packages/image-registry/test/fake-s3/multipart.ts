// SPDX-License-Identifier: Apache-2.0
import { createHash, randomUUID } from 'node:crypto'
import type { Call } from './fake-s3.ts'
import { copySource, rangeOf, sendXml } from './objects.ts'
import { elements, escapeXml, etagOf, S3Error, type State } from './state.ts'

const minimumPart = 5 * 1024 * 1024
const maximumPart = 5 * 1024 * 1024 * 1024

function create(state: State, call: Call): void {
  const id = randomUUID()
  state.uploads.set(id, { key: call.key, parts: new Map() })
  sendXml(call, `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`)
}

function list(state: State, call: Call): void {
  const prefix = call.url.searchParams.get('prefix') ?? ''
  const uploads = [...state.uploads].filter(([, { key }]) => key.startsWith(prefix))
  const page = uploads.slice(0, state.pageSize)
  const entries = page.map(([id, { key }]) => `<Upload><Key>${escapeXml(key)}</Key><UploadId>${id}</UploadId></Upload>`)
  const isTruncated = page.length < uploads.length
  sendXml(
    call,
    `<ListMultipartUploadsResult><IsTruncated>${isTruncated}</IsTruncated>${entries.join('')}</ListMultipartUploadsResult>`,
  )
}

/** What is done with an upload that was begun. */
function part(state: State, call: Call): void {
  const { request, url, key, response } = call
  const id = url.searchParams.get('uploadId') ?? ''
  const upload = state.uploads.get(id)
  if (upload === undefined || upload.key !== key) throw new S3Error(404, 'NoSuchUpload')
  if (request.method === 'DELETE') {
    state.uploads.delete(id)
    return void response.writeHead(204).end()
  }
  if (request.method === 'POST') return complete(state, call, id)
  if (request.method !== 'PUT') throw new S3Error(405, 'MethodNotAllowed')
  const number = Number(url.searchParams.get('partNumber'))
  if (!Number.isInteger(number) || number < 1 || number > 10_000) throw new S3Error(400, 'InvalidArgument')
  const isCopy = request.headers['x-amz-copy-source'] !== undefined
  const content = isCopy ? copied(state, call) : call.body
  if (content.byteLength > maximumPart) throw new S3Error(400, 'EntityTooLarge')
  const etag = etagOf(content)
  upload.parts.set(number, { content, etag })
  if (isCopy) sendXml(call, `<CopyPartResult><ETag>${escapeXml(etag)}</ETag></CopyPartResult>`)
  else response.writeHead(200, { etag }).end()
}

function copied(state: State, call: Call): Buffer {
  const content = copySource(state, call)
  const header = call.request.headers['x-amz-copy-source-range']
  if (header === undefined) return content
  const { start, end } = rangeOf(String(header), content.byteLength)
  // A copy, unlike a read, must lie within its source whole.
  if (!String(header).endsWith(`-${end}`)) throw new S3Error(400, 'InvalidArgument', 'range beyond the source')
  return content.subarray(start, end + 1)
}

function complete(state: State, call: Call, id: string): void {
  const upload = state.uploads.get(id) as NonNullable<ReturnType<State['uploads']['get']>>
  const body = call.body.toString()
  const numbers = elements(body, 'PartNumber').map(Number)
  const etags = elements(body, 'ETag')
  if (numbers.length === 0 || numbers.length !== etags.length) throw new S3Error(400, 'MalformedXML')
  const parts = numbers.map((number, index) => {
    if (index > 0 && number <= (numbers[index - 1] as number)) throw new S3Error(400, 'InvalidPartOrder')
    const stored = upload.parts.get(number)
    if (stored === undefined || stored.etag !== etags[index]) throw new S3Error(400, 'InvalidPart')
    if (index < numbers.length - 1 && stored.content.byteLength < minimumPart) throw new S3Error(400, 'EntityTooSmall')
    return stored
  })
  const digests = parts.map(({ etag }) => Buffer.from(etag.slice(1, -1), 'hex'))
  const etag = `"${createHash('md5').update(Buffer.concat(digests)).digest('hex')}-${parts.length}"`
  const content = Buffer.concat(parts.map((each) => each.content))
  state.objects.set(call.key, { content, modified: new Date(), etag })
  state.uploads.delete(id)
  sendXml(call, `<CompleteMultipartUploadResult><ETag>${escapeXml(etag)}</ETag></CompleteMultipartUploadResult>`)
}

/** Calls about uploads in parts. */
export const multipart = { create, list, part }
