// SPDX-License-Identifier: Apache-2.0

/** Flags of a netlink message header (netlink(7)). @public */
export const netlinkFlags = {
  request: 1,
  multi: 2,
  ack: 4,
  echo: 8,
  dumpInterrupted: 0x10,
  dump: 0x300,
  replace: 0x100,
  exclusive: 0x200,
  create: 0x400,
  append: 0x800,
} as const

/** Types that every netlink family shares. @public */
export const netlinkTypes = { noop: 1, error: 2, done: 3, overrun: 4 } as const

/** One message, its header decoded. @public */
export interface NetlinkMessage {
  type: number
  flags: number
  sequence: number
  portId: number
  /** What follows the header: a fixed part that depends on the type, then attributes. */
  payload: Buffer
}

const headerSize = 16

/** Encodes a message with its 16-byte header; lengths are padded to 4. Byte order is the machine's: little endian. @public */
export function encodeNetlinkMessage(message: Omit<NetlinkMessage, 'payload'> & { payload: Uint8Array }): Buffer {
  const length = headerSize + message.payload.length
  const bytes = Buffer.alloc(align4(length))
  bytes.writeUInt32LE(length, 0)
  bytes.writeUInt16LE(message.type, 4)
  bytes.writeUInt16LE(message.flags, 6)
  bytes.writeUInt32LE(message.sequence, 8)
  bytes.writeUInt32LE(message.portId, 12)
  bytes.set(message.payload, headerSize)
  return bytes
}

/** Splits a datagram into messages. Throws when a length does not fit. @public */
export function decodeNetlinkMessages(datagram: Buffer): NetlinkMessage[] {
  const messages: NetlinkMessage[] = []
  for (let at = 0; at + headerSize <= datagram.length; ) {
    const length = datagram.readUInt32LE(at)
    if (length < headerSize || at + length > datagram.length)
      throw new Error('netlink message has an impossible length')
    messages.push({
      type: datagram.readUInt16LE(at + 4),
      flags: datagram.readUInt16LE(at + 6),
      sequence: datagram.readUInt32LE(at + 8),
      portId: datagram.readUInt32LE(at + 12),
      payload: datagram.subarray(at + headerSize, at + length),
    })
    at += align4(length)
  }
  return messages
}

/** Rounds a length up to the alignment of messages and attributes. @public */
export function align4(length: number): number {
  return (length + 3) & ~3
}
