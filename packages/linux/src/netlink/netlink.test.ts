// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { attributeText, decodeNetlinkAttributes, NetlinkAttributes } from './attributes.ts'
import { decodeNetlinkMessages, encodeNetlinkMessage } from './message.ts'

test('a message has a header of 16 bytes and is padded to 4', () => {
  const bytes = encodeNetlinkMessage({ type: 16, flags: 0x605, sequence: 7, portId: 0, payload: Buffer.from('abcde') })
  assert.equal(bytes.toString('hex'), `15000000${'1000'}${'0506'}${'07000000'}${'00000000'}6162636465000000`)
})

test('a datagram with several messages is split, padding left out', () => {
  const one = encodeNetlinkMessage({ type: 1, flags: 2, sequence: 3, portId: 4, payload: Buffer.of(9) })
  const messages = decodeNetlinkMessages(Buffer.concat([one, one]))
  assert.equal(messages.length, 2)
  assert.deepEqual(messages[1], { type: 1, flags: 2, sequence: 3, portId: 4, payload: Buffer.of(9) })
})

test('impossible lengths throw instead of looping', () => {
  const bytes = Buffer.alloc(16)
  for (const length of [0, 15, 17, 0xffffffff]) {
    bytes.writeUInt32LE(length)
    assert.throws(() => decodeNetlinkMessages(bytes), /impossible length/)
  }
  assert.throws(() => decodeNetlinkAttributes(Buffer.from('0300010000000000', 'hex')), /impossible length/)
})

test('attributes of every kind, nested ones marked', () => {
  const bytes = new NetlinkAttributes()
    .u32(4, 1500)
    .text(3, 'eth0')
    .nested(18, (inner) => inner.u8(1, 2).u16Be(2, 0x1234).flag(3))
    .u64Be(5, 1n)
    .toBuffer()
  const hex = [
    '08000400dc050000',
    '090003006574683000000000',
    '180012800500010002000000060002001234000004000300',
    '0c0005000000000000000001',
  ]
  assert.equal(bytes.toString('hex'), hex.join(''))
  const [mtu, name, nested] = decodeNetlinkAttributes(bytes)
  assert.equal(mtu?.data.readUInt32LE(), 1500)
  assert.equal(name && attributeText(name), 'eth0')
  assert.equal(nested?.type, 18)
  assert.equal(decodeNetlinkAttributes(nested?.data as Buffer).length, 3)
})
