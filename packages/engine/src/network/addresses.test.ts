// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { candidateSubnets, chooseSubnet, gatewayOf } from './choose-subnet.ts'
import { formatAddress, formatSubnet, overlaps, parseAddress, parseCidr } from './ipv4.ts'
import { freeAddress, type Lease, LeaseStore, macOf } from './lease-store.ts'

const subnet = (text: string) => parseCidr(text).subnet

test('addresses are numbers and back', () => {
  for (const text of ['0.0.0.0', '172.17.0.1', '255.255.255.255']) assert.equal(formatAddress(parseAddress(text)), text)
  assert.deepEqual(parseCidr('192.168.5.7/20'), { address: 3232236807, subnet: subnet('192.168.0.0/20') })
  assert.equal(formatSubnet(subnet('10.1.2.3/0')), '0.0.0.0/0')
  for (const text of [
    '',
    '1.2.3',
    '1.2.3.4',
    '1.2.3.4/33',
    '1.2.3.256/8',
    '01.2.3.4/8',
    '1.2.3.4/8/9',
    '::1/64',
    'x/8',
  ]) {
    assert.throws(() => parseCidr(text), { code: 'invalid-argument' }, text)
  }
})

test('overlapping', () => {
  assert.equal(overlaps(subnet('10.0.0.0/8'), subnet('10.5.0.0/16')), true)
  assert.equal(overlaps(subnet('10.5.0.0/16'), subnet('10.0.0.0/8')), true)
  assert.equal(overlaps(subnet('10.0.0.0/9'), subnet('10.128.0.0/9')), false)
  assert.equal(overlaps(subnet('1.2.3.4/32'), subnet('1.2.3.4/32')), true)
})

test("the subnet is the first of docker's that nobody uses", () => {
  const choose = (...used: string[]) => formatSubnet(chooseSubnet(used.map(subnet)))
  assert.equal(candidateSubnets.length, 31)
  assert.equal(choose(), '172.17.0.0/16')
  assert.equal(choose('172.17.9.0/24', '172.18.0.0/16'), '172.19.0.0/16')
  assert.equal(choose('172.16.0.0/12'), '192.168.0.0/20')
  assert.equal(choose('172.16.0.0/12', '192.168.1.0/24'), '192.168.16.0/20')
  assert.equal(gatewayOf(subnet('172.19.0.0/16')), '172.19.0.1')
  assert.throws(() => choose('0.0.0.0/0'), { code: 'failed-precondition' })
})

test('the lowest free address is given, and none twice', () => {
  const small = subnet('10.0.0.0/29')
  assert.equal(freeAddress(small, ['10.0.0.1']), '10.0.0.2')
  assert.equal(freeAddress(small, ['10.0.0.1', '10.0.0.2', '10.0.0.4']), '10.0.0.3')
  const all = [1, 2, 3, 4, 5, 6].map((host) => `10.0.0.${host}`)
  assert.throws(() => freeAddress(small, all), { code: 'resource-exhausted' })
  assert.equal(macOf('172.17.0.255'), '02:42:ac:11:00:ff')
})

const lease = (containerId: string, link: string): Lease => ({
  containerId,
  containerName: 'n',
  endpointId: 'e',
  sandboxId: 's',
  address: '10.0.0.2',
  mac: macOf('10.0.0.2'),
  link,
  netns: '/x',
})

test('leases outlive the store, and rubbish does not', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'teu-leases-'))
  t.after(() => rmSync(directory, { recursive: true }))
  const store = new LeaseStore(directory)
  store.put(lease('aa', 'veth1'))
  store.put({ ...lease('aa', 'veth0'), leaving: true })
  store.put(lease('bb', 'veth2'))
  store.remove(lease('bb', 'veth2'))
  store.remove(lease('bb', 'veth2'))
  writeFileSync(join(directory, 'veth3.json'), '{"containerId":"cc"')
  writeFileSync(join(directory, 'veth4.json'), JSON.stringify(lease('dd', 'veth5')))
  writeFileSync(join(directory, 'veth6.json.tmp'), '{}')
  const again = new LeaseStore(directory)
  assert.deepEqual(again.current(), [lease('aa', 'veth1')])
  assert.deepEqual(again.of('aa'), lease('aa', 'veth1'))
  assert.deepEqual(
    again.leaving().map(({ link }) => link),
    ['veth0'],
  )
  assert.deepEqual(readdirSync(directory).sort(), ['veth0.json', 'veth1.json'])
  assert.throws(() => store.put(lease('x', '../x')), { code: 'invalid-argument' })
})
