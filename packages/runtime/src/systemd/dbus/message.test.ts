// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeMessage, encodeMessage, messageLength } from './message.ts'
import { DbusReader } from './reader.ts'
import { completeTypes, type DbusValue } from './signature.ts'
import { DbusWriter } from './writer.ts'

test('signatures are divided into complete types', () => {
  assert.deepEqual(completeTypes('ssa(sv)a(sa(sv))'), ['s', 's', 'a(sv)', 'a(sa(sv))'])
  assert.deepEqual(completeTypes('aayv(iu(s))'), ['aay', 'v', '(iu(s))'])
  for (const wrong of ['(', 'a', '(s', 's)', 'z', 'a'.repeat(40)]) assert.throws(() => completeTypes(wrong), RangeError)
})

test('values come back as they went, each at its alignment', () => {
  const values: [signature: string, values: DbusValue[]][] = [
    ['ybnqiu', [1, true, -2, 65535, -7, 0xffff_ffff]],
    ['yxt', [1, -5n, 0xffff_ffff_ffff_ffffn]],
    ['sog', ['text', '/a/b', 'a(sv)']],
    [
      'ya(sv)',
      [
        1,
        [
          ['Name', { signature: 't', value: 5n }],
          ['Other', { signature: 'as', value: ['a', 'b'] }],
        ],
      ],
    ],
    ['aya(ss)a{sv}', [Uint8Array.of(1, 2), [], []]],
    ['v', [{ signature: 'v', value: { signature: 'b', value: false } }]],
  ]
  for (const [signature, list] of values) {
    const bytes = new DbusWriter().values(signature, list).bytes()
    assert.deepEqual(new DbusReader(bytes, true).values(signature), list, signature)
  }
  // A byte, seven of padding, then the first struct of an array that has eight bytes of length and padding.
  const bytes = new DbusWriter().values('yt', [7, 1n]).bytes()
  assert.deepEqual([...bytes], [7, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0])
})

test('what does not fit its type is refused', () => {
  assert.throws(() => new DbusWriter().values('s', ['a\0b']), RangeError)
  assert.throws(() => new DbusWriter().values('su', ['a']), RangeError)
  assert.throws(() => new DbusWriter().values('y', [256]), RangeError)
  assert.throws(() => new DbusWriter().values('h', [1]), RangeError)
})

test('a call has the bytes that the specification gives it', () => {
  const call = { type: 1, serial: 1, path: '/org/freedesktop/DBus', interface: 'org.freedesktop.DBus', member: 'Hello' }
  const bytes = encodeMessage({ ...call, destination: 'org.freedesktop.DBus', signature: '', body: [] })
  // Header, then the array of fields: path, interface, member, destination.
  assert.equal(bytes.subarray(0, 12).toString('hex'), '6c01000100000000' + '01000000')
  assert.equal(bytes.readUInt32LE(12), 0x6d)
  assert.equal(bytes.subarray(16, 24).toString('hex'), '01016f0015000000')
  assert.equal(bytes.length, 128)
  assert.equal(messageLength(bytes), 128)
  assert.equal(messageLength(bytes.subarray(0, 15)), undefined)
  assert.deepEqual(decodeMessage(bytes), { ...call, destination: 'org.freedesktop.DBus', signature: '', body: [] })
})

test('a message in the other byte order is read', () => {
  const head = Buffer.from('4202000100000008' + '00000003' + '0000000f', 'hex')
  const fields = Buffer.from('0501750000000001' + '08016700017500' + '00', 'hex')
  const body = Buffer.from('0000002a00000000', 'hex').subarray(0, 8)
  const message = decodeMessage(Buffer.concat([head, fields, body]))
  assert.deepEqual([message.type, message.serial, message.replySerial, message.body[0]], [2, 3, 1, 42])
})

test('every truncation of a message is refused', () => {
  const body: DbusValue[] = ['name', [['Key', { signature: 'a(ss)', value: [['a', 'b']] }]]]
  const whole = encodeMessage({ type: 1, serial: 9, path: '/x', member: 'Y', signature: 'sa(sv)', body })
  assert.deepEqual(decodeMessage(whole).body, body)
  for (let length = 0; length < whole.length; length++) {
    const part = whole.subarray(0, length)
    const known = length >= 16 ? messageLength(part) : undefined
    assert.ok(known === undefined || known === whole.length)
    assert.throws(() => decodeMessage(part), RangeError, String(length))
  }
})
