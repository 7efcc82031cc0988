// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto'

/** One bucket. */
export interface State {
  bucket: string
  pageSize: number
  objects: Map<string, { content: Buffer; modified: Date; etag: string }>
  uploads: Map<string, { key: string; parts: Map<number, { content: Buffer; etag: string }> }>
  log: string[]
}

/** A refusal with the protocol's code. */
export class S3Error extends Error {
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, message = code) {
    super(message)
    this.status = status
    this.code = code
  }
}

export const errorBody = ({ code, message }: S3Error): string =>
  `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${escapeXml(message)}</Message></Error>`

/** Text within XML. */
export const escapeXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

/** Quoted, as in headers. */
export const etagOf = (content: Buffer): string => `"${createHash('md5').update(content).digest('hex')}"`

/** The texts of all elements of a name. */
export function elements(xml: string, name: string): string[] {
  return [...xml.matchAll(new RegExp(`<${name}>([\\s\\S]*?)</${name}>`, 'g'))].map((match) =>
    (match[1] as string)
      .replaceAll('&quot;', '"')
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&amp;', '&'),
  )
}
