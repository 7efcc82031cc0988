// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { decodeAddress, encodeAddress } from './address-message.ts'
import { decodeIp, encodeCidr, encodeIp } from './ip-address.ts'
import { decodeLink, encodeBridge, encodeLinkChange, encodeLinkQuery, encodeVeth } from './link-message.ts'
import { decodeRoute, encodeRoute } from './route-message.ts'

const zeroHeader = '00'.repeat(16)

/** Bytes by hand, from struct ifinfomsg and the attribute numbers of linux/if_link.h. */
test('a bridge', () => {
  const expected = `${zeroHeader}0800030062723000${'10001280'}0b00010062726964676500${'00'}`
  assert.equal(encodeBridge({ name: 'br0' }).toString('hex'), expected)
})

test('a veth whose peer is made in another namespace', () => {
  const bytes = encodeVeth({ name: 'v0', peer: { name: 'eth0', netnsFd: 5 } })
  const peer = `${zeroHeader}09000300657468300000000008001c0005000000`
  const data = `2c000280${'28000100'}${peer}`
  assert.equal(bytes.toString('hex'), `${zeroHeader}0700030076300000${'3c001280'}0900010076657468${'00000000'}${data}`)
})

test('a change names the flags that it means', () => {
  const up = encodeLinkChange(3, { up: true })
  assert.equal(up.toString('hex'), '00000000030000000100000001000000')
  assert.equal(encodeLinkChange(3, { up: false }).readUInt32LE(12), 1)
  assert.equal(encodeLinkChange(3, { master: 0 }).toString('hex').slice(24), '0000000008000a0000000000')
})

test('names that the kernel would cut or refuse are refused here', () => {
  for (const name of ['', 'a'.repeat(16), 'a/b', 'a b', '.', '..', 'ä'.repeat(8)]) {
    assert.throws(() => encodeLinkQuery({ name }), /invalid interface name/, name)
  }
  assert.throws(() => encodeBridge({ name: 'b', mac: '02:42' }), /invalid link address/)
})

test('a link as the kernel answers it', () => {
  const attributes = '07000300763000000800040078050000080005000200000008000a0009000000050010000600000008002500ffffffff'
  const link = decodeLink(Buffer.from(`00000100030000004310000000000000${attributes}`, 'hex'))
  assert.equal(link.name, 'v0')
  assert.equal(link.index, 3)
  assert.equal(link.up, true)
  assert.equal(link.mtu, 1400)
  assert.equal(link.peerIndex, 2)
  assert.equal(link.master, 9)
  assert.equal(link.operState, 'up')
  assert.equal(link.linkNetnsId, -1)
})

test('an address there and back', () => {
  const bytes = encodeAddress({ linkIndex: 2, address: '10.9.0.1/24', broadcast: '10.9.0.255' })
  assert.equal(bytes.toString('hex'), '0218000002000000080002000a090001080001000a090001080004000a0900ff')
  assert.deepEqual(decodeAddress(bytes), {
    linkIndex: 2,
    family: 4,
    address: '10.9.0.1',
    prefixLength: 24,
    broadcast: '10.9.0.255',
    scope: 0,
  })
  assert.equal(encodeAddress({ linkIndex: 2, address: 'fd00::1/64', noDuplicateDetection: true }).readUInt8(2), 2)
})

test('a default route and a link route', () => {
  const viaGateway = encodeRoute({ gateway: '10.9.0.1' })
  assert.equal(viaGateway.toString('hex'), '02000000fe03000100000000080005000a090001')
  const onLink = encodeRoute({ destination: '10.8.0.0/16', linkIndex: 4, table: 1000 })
  assert.equal(
    onLink.toString('hex'),
    '0210000000 03fd0100000000 080001000a080000 0800040004000000 08000f00e8030000'.replaceAll(' ', ''),
  )
  const route = decodeRoute(onLink)
  assert.equal(route.destination, '10.8.0.0/16')
  assert.equal(route.table, 1000)
  assert.equal(route.scope, 253)
  assert.throws(() => encodeRoute({ destination: '10.0.0.0/8', gateway: 'fd00::1' }), /cannot go through/)
})

test('addresses in text', () => {
  const texts = [
    '0.0.0.0',
    '255.1.2.3',
    '::',
    '::1',
    'fd00::1',
    '2001:db8:0:1:1:1:1:1',
    '2001:db8::1:0:0:1',
    'fe80::1:2:3:4',
  ]
  for (const text of texts) assert.equal(decodeIp(encodeIp(text).bytes), text)
  assert.equal(decodeIp(encodeIp('1:0:0:2:0:0:0:3').bytes), '1:0:0:2::3')
  assert.equal(decodeIp(encodeIp('::ffff:10.0.0.1').bytes), '::ffff:a00:1')
  assert.equal(encodeCidr('10.0.0.1').prefixLength, 32)
  for (const text of ['', '1.2.3', '1.2.3.4/33', '::/129', '1.2.3.4/', '1.2.3.4/-1', 'fe80::1%eth0', '1.2.3.4/2x']) {
    assert.throws(() => encodeCidr(text), /invalid/, text)
  }
})
