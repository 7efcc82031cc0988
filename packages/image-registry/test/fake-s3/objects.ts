// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto'
import type { Call } from './fake-s3.ts'
import { elements, escapeXml, etagOf, S3Error, type State } from './state.ts'

const found = ({ objects }: State, key: string) => {
  const object = objects.get(key)
  if (object === undefined) throw new S3Error(404, 'NoSuchKey')
  return object
}

/** A range that lies within, at least in part. */
export function rangeOf(header: string, length: number): { start: number; end: number } {
  const match = /^bytes=(\d+)-(\d+)$/.exec(header)
  const [start, end] = [Number(match?.[1]), Number(match?.[2])]
  if (match === null || start > end || start >= length) throw new S3Error(416, 'InvalidRange')
  return { start, end: Math.min(end, length - 1) }
}

function get(state: State, { key, request, response }: Call): void {
  const { content, modified, etag } = found(state, key)
  const headers = { etag, 'last-modified': modified.toUTCString(), 'accept-ranges': 'bytes' }
  if (request.headers.range === undefined) {
    response.writeHead(200, { ...headers, 'content-length': content.byteLength })
    return void response.end(request.method === 'HEAD' ? undefined : content)
  }
  const { start, end } = rangeOf(request.headers.range, content.byteLength)
  const range = `bytes ${start}-${end}/${content.byteLength}`
  response.writeHead(206, { ...headers, 'content-length': end - start + 1, 'content-range': range })
  response.end(request.method === 'HEAD' ? undefined : content.subarray(start, end + 1))
}

/** Calls on one object, by method. */
export const objectCalls: Record<string, (state: State, call: Call) => void> = {
  GET: get,
  HEAD: get,
  PUT(state, { key, body, response }) {
    const etag = etagOf(body)
    state.objects.set(key, { content: body, modified: new Date(), etag })
    response.writeHead(200, { etag }).end()
  },
  DELETE(state, { key, response }) {
    state.objects.delete(key)
    response.writeHead(204).end()
  },
}

/** The bytes that a copy is of. */
export function copySource(state: State, { request }: Call): Buffer {
  const [bucket, ...key] = decodeURIComponent(String(request.headers['x-amz-copy-source']))
    .replace(/^\//, '')
    .split('/')
  if (bucket !== state.bucket) throw new S3Error(404, 'NoSuchBucket')
  return found(state, key.join('/')).content
}

export function copyObject(state: State, call: Call): void {
  const content = copySource(state, call)
  const etag = etagOf(content)
  state.objects.set(call.key, { content, modified: new Date(), etag })
  sendXml(call, `<CopyObjectResult><ETag>${escapeXml(etag)}</ETag></CopyObjectResult>`)
}

export function deleteMany(state: State, call: Call): void {
  const { body, request } = call
  const { 'content-md5': md5, ...headers } = request.headers
  const isChecked = Object.keys(headers).some((name) => name.startsWith('x-amz-checksum-'))
  if (md5 === undefined && !isChecked) throw new S3Error(400, 'InvalidRequest', 'a checksum is required')
  if (md5 !== undefined && md5 !== createHash('md5').update(body).digest('base64')) throw new S3Error(400, 'BadDigest')
  const keys = elements(body.toString(), 'Key')
  if (keys.length === 0 || keys.length > 1000) throw new S3Error(400, 'MalformedXML')
  for (const key of keys) state.objects.delete(key)
  sendXml(call, '<DeleteResult></DeleteResult>')
}

export function listObjects(state: State, call: Call): void {
  const query = call.url.searchParams
  const prefix = query.get('prefix') ?? ''
  const delimiter = query.get('delimiter') ?? ''
  const limit = Math.min(Number(query.get('max-keys') ?? 1000), state.pageSize)
  const token = query.get('continuation-token')
  const after = token === null ? '' : Buffer.from(token, 'base64url').toString()
  const entries = new Map<string, string>()
  for (const key of [...state.objects.keys()].filter((each) => each.startsWith(prefix)).sort()) {
    const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length)
    if (end >= 0) entries.set(key.slice(0, end + 1), 'prefix')
    else entries.set(key, 'key')
  }
  const rest = [...entries].filter(([name]) => name > after)
  const page = rest.slice(0, limit)
  const isTruncated = page.length < rest.length
  const contents = page.map(([name, kind]) => {
    if (kind === 'prefix') return `<CommonPrefixes><Prefix>${escapeXml(name)}</Prefix></CommonPrefixes>`
    const { content, modified, etag } = found(state, name)
    const facts = `<LastModified>${modified.toISOString()}</LastModified><ETag>${escapeXml(etag)}</ETag><Size>${content.byteLength}</Size>`
    return `<Contents><Key>${escapeXml(name)}</Key>${facts}</Contents>`
  })
  const next = Buffer.from(page.at(-1)?.[0] ?? '').toString('base64url')
  const more = isTruncated ? `<NextContinuationToken>${next}</NextContinuationToken>` : ''
  sendXml(
    call,
    `<ListBucketResult><Prefix>${escapeXml(prefix)}</Prefix><KeyCount>${page.length}</KeyCount><MaxKeys>${limit}</MaxKeys><IsTruncated>${isTruncated}</IsTruncated>${more}${contents.join('')}</ListBucketResult>`,
  )
}

export function sendXml({ response }: Call, xml: string): void {
  response.writeHead(200, { 'content-type': 'application/xml' })
  response.end(`<?xml version="1.0" encoding="UTF-8"?>${xml}`)
}
