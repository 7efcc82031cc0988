// SPDX-License-Identifier: Apache-2.0
import { DbusReader } from './reader.ts'
import type { DbusValue, Variant } from './signature.ts'
import { DbusWriter } from './writer.ts'

/** Kinds of message. @internal */
export const messageTypes = { call: 1, reply: 2, error: 3, signal: 4 } as const

/** A message of the D-Bus protocol, without those header fields that nobody here looks at. @internal */
export interface DbusMessage {
  type: number
  serial: number
  path?: string
  interface?: string
  member?: string
  errorName?: string
  replySerial?: number
  destination?: string
  sender?: string
  /** Types of `body`; empty without one. */
  signature: string
  body: readonly DbusValue[]
}

const fieldCodes = {
  path: [1, 'o'],
  interface: [2, 's'],
  member: [3, 's'],
  errorName: [4, 's'],
  replySerial: [5, 'u'],
  destination: [6, 's'],
  sender: [7, 's'],
} as const
const signatureField = 8
const fixedLength = 16
const maxMessageBytes = 1 << 27
const littleEndian = 0x6c
const version = 1

/** The bytes of a message. @internal */
export function encodeMessage(message: DbusMessage): Buffer {
  const body = new DbusWriter().values(message.signature, message.body).bytes()
  const fields: [number, Variant][] = []
  for (const [name, [code, signature]] of Object.entries(fieldCodes)) {
    const value = message[name as keyof typeof fieldCodes]
    if (value !== undefined) fields.push([code, { signature, value }])
  }
  if (message.signature !== '') fields.push([signatureField, { signature: 'g', value: message.signature }])
  const head = new DbusWriter()
    .values('yyyyuua(yv)', [littleEndian, message.type, 0, version, body.length, message.serial, fields])
    .align(8)
    .bytes()
  return Buffer.concat([head, body])
}

/** How many bytes the message at the beginning of `bytes` has; undefined while that cannot be seen. @internal */
export function messageLength(bytes: Buffer): number | undefined {
  if (bytes.length < fixedLength) return undefined
  const little = bytes[0] === littleEndian
  const read = (at: number) => (little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at))
  const head = fixedLength + read(12)
  const length = head + ((8 - (head % 8)) % 8) + read(4)
  if (length > maxMessageBytes) throw new RangeError(`a D-Bus message of ${length} bytes`)
  return length
}

/** Reads one whole message. Throws `RangeError` for what is malformed. @internal */
export function decodeMessage(bytes: Buffer): DbusMessage {
  if (messageLength(bytes) !== bytes.length) throw new RangeError('a D-Bus message is cut off')
  const little = bytes[0] === littleEndian
  const reader = new DbusReader(bytes, little)
  const [, type, , , bodyLength, serial, fields] = reader.values('yyyyuua(yv)')
  const message: DbusMessage = { type: type as number, serial: serial as number, signature: '', body: [] }
  for (const [code, variant] of fields as [number, Variant][]) setField(message, code, variant)
  const body = bytes.subarray(bytes.length - (bodyLength as number))
  message.body = new DbusReader(body, little).values(message.signature)
  return message
}

function setField(message: DbusMessage, code: number, { value }: Variant): void {
  if (code === signatureField) message.signature = value as string
  for (const [name, [known]] of Object.entries(fieldCodes)) {
    if (known === code) Object.assign(message, { [name]: value })
  }
}
