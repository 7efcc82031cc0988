// SPDX-License-Identifier: Apache-2.0

/** Longer headers are nobody's name and password. */
const maximumHeader = 8 * 1024
const maximumToken = 32 * 1024

/** The user and the password of an `Authorization: Basic` header; `undefined` for what is none. @internal */
export function parseBasic(header: string): { user: string; password: string } | undefined {
  if (header.length > maximumHeader) return undefined
  const match = /^basic +([A-Za-z0-9+/]+={0,2}) *$/i.exec(header)
  if (match === null) return undefined
  const text = Buffer.from(match[1] as string, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  return colon < 0 ? undefined : { user: text.slice(0, colon), password: text.slice(colon + 1) }
}

/** The token of an `Authorization: Bearer` header; `undefined` for what is none. @internal */
export function parseBearer(header: string): string | undefined {
  if (header.length > maximumToken) return undefined
  return /^bearer +([\x21-\x7e]+) *$/i.exec(header)?.[1]
}
