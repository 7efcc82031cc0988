// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { closeSync, mkdtempSync, openSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import {
  createNetns,
  deleteNetns,
  isMountPoint,
  RouteNetlink,
  readInNetns,
  setSysctlInNetns,
  socketConstants as so,
  socketInNetns,
} from '@teu/linux'

const needsRoot = { skip: process.getuid?.() === 0 ? false : 'needs root' }

function namespaces(t: TestContext, ...names: string[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'teu-netns-'))
  const paths = names.map((name) => join(folder, name))
  for (const path of paths) createNetns(path)
  t.after(() => {
    for (const path of paths) deleteNetns(path)
    rmSync(folder, { recursive: true })
  })
  return paths
}

test('a namespace is kept, is another one than ours, and is gone after deletion', needsRoot, (t) => {
  const own = readlinkSync('/proc/self/ns/net')
  const [path = ''] = namespaces(t, 'one')
  assert.equal(isMountPoint(path), true)
  assert.equal(readlinkSync('/proc/self/ns/net'), own)
  assert.throws(() => createNetns(path), { code: 'EEXIST' })
  using net = RouteNetlink.open({ netns: path })
  assert.deepEqual(
    net.links().map(({ name, up }) => [name, up]),
    [['lo', false]],
  )
  deleteNetns(path)
  deleteNetns(path)
  assert.equal(isMountPoint(path), false)
})

test('a bridge here, a veth from it into another namespace, and packets between them', needsRoot, async (t) => {
  const [host = '', inner = ''] = namespaces(t, 'host', 'inner')
  using outside = RouteNetlink.open({ netns: host })
  using inside = RouteNetlink.open({ netns: inner })
  const bridge = outside.createBridge({ name: 'br0', mac: '02:42:00:00:00:01' })
  outside.addAddress({ linkIndex: bridge.index, address: '10.9.0.1/24', broadcast: '10.9.0.255' })
  const innerFd = openSync(inner, 'r')
  const peer = { name: 'eth0', netnsFd: innerFd, mac: '02:42:0a:09:00:02', mtu: 1400 }
  const near = outside.createVeth({ name: 'veth1', master: bridge.index, mtu: 1400, peer })
  closeSync(innerFd)
  outside.setLink('br0', { up: true })
  outside.setLink('veth1', { up: true })
  const eth0 = inside.link('eth0')
  assert.deepEqual([eth0?.mac, eth0?.mtu, eth0?.kind], [peer.mac, 1400, 'veth'])
  assert.equal(near.master, bridge.index)
  inside.addAddress({ linkIndex: eth0?.index as number, address: '10.9.0.2/24' })
  inside.setLink('eth0', { up: true })
  inside.addRoute({ gateway: '10.9.0.1' })
  assert.ok(inside.routes().some(({ destination, gateway }) => destination === undefined && gateway === '10.9.0.1'))
  assert.deepEqual(
    outside
      .addresses('br0')
      .filter(({ family }) => family === 4)
      .map(({ address }) => address),
    ['10.9.0.1'],
  )
  assert.equal(outside.deleteLink('veth1'), true)
  assert.equal(inside.link('eth0'), undefined)
  assert.equal(outside.deleteLink('veth1'), false)
})

test("failures are the kernel's, with its explanation", needsRoot, (t) => {
  const [path = ''] = namespaces(t, 'one')
  using net = RouteNetlink.open({ netns: path })
  net.createBridge({ name: 'br0' })
  assert.throws(() => net.createBridge({ name: 'br0' }), { code: 'EEXIST', errno: 17 })
  assert.throws(() => net.setLink('none', { up: true }), { code: 'ENODEV' })
  net.setLink('lo', { up: true })
  assert.throws(() => net.addRoute({ gateway: '99.9.9.9' }), { code: 'ENETUNREACH', message: /gateway/ })
  // The conversation goes on after a failure.
  assert.equal(net.link('lo')?.up, true)
})

test('addresses and routes come and go, in both families', needsRoot, (t) => {
  const [path = ''] = namespaces(t, 'one')
  using net = RouteNetlink.open({ netns: path })
  const { index } = net.createBridge({ name: 'br0' })
  net.setLink(index, { up: true, mtu: 1300 })
  for (const [address, destination] of [
    ['10.1.0.1/24', '10.2.0.0/16'],
    ['fd01::1/64', 'fd02::/64'],
  ] as const) {
    const init = { linkIndex: index, address, noDuplicateDetection: true }
    net.addAddress(init)
    assert.throws(() => net.addAddress(init), { code: 'EEXIST' })
    net.addRoute({ destination, linkIndex: index, metric: 7 })
    assert.equal(net.routes().find((route) => route.destination === destination)?.metric, 7)
    net.deleteRoute({ destination, linkIndex: index, metric: 7 })
    assert.throws(() => net.deleteRoute({ destination, linkIndex: index, metric: 7 }), { code: 'ESRCH' })
    net.deleteAddress(init)
    assert.throws(() => net.deleteAddress(init), { code: 'EADDRNOTAVAIL' })
  }
  net.setLink('br0', { up: false })
  net.setLink('br0', { name: 'other' })
  assert.equal(net.link('other')?.mtu, 1300)
})

test('sysctls and sockets belong to the namespace they are made in', needsRoot, (t) => {
  const [path = '', other = ''] = namespaces(t, 'one', 'other')
  const key = '/proc/sys/net/ipv4/ip_forward'
  setSysctlInNetns(path, 'net.ipv4.ip_forward', '1')
  assert.equal(readInNetns(path, key).trim(), '1')
  assert.equal(readInNetns(other, key).trim(), '0')
  assert.throws(() => setSysctlInNetns(path, 'net.ipv4.no_such_key', '1'), { code: 'ENOENT' })
  const fd = socketInNetns(path, so.AF_INET, so.SOCK_DGRAM)
  closeSync(fd)
  assert.throws(() => socketInNetns('/nowhere', so.AF_INET, so.SOCK_DGRAM), { code: 'ENOENT', path: '/nowhere' })
  assert.throws(() => socketInNetns('/proc/self/ns/uts', so.AF_INET, so.SOCK_DGRAM), {
    code: 'EINVAL',
    syscall: 'setns',
  })
})
