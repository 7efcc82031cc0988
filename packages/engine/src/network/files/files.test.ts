// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { refuseUnsupported } from '../../containers/refuse-unsupported.ts'
import { parseNetworkMode, validateNetwork } from '../validate-network.ts'
import { hostsFile, ownEntry, parseExtraHosts } from './hosts-file.ts'
import { checkDns, resolvConf } from './resolv-conf.ts'

test('hosts', () => {
  const text = hostsFile([
    ...parseExtraHosts(['db:10.0.0.9', 'v6:[::2]', 'gw:host-gateway'], '172.17.0.1'),
    ownEntry('172.17.0.2', 'box', 'lan'),
  ])
  assert.equal(
    text,
    '127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::\tip6-localnet\nff00::\tip6-mcastprefix\n' +
      'ff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n10.0.0.9\tdb\n::2\tv6\n172.17.0.1\tgw\n172.17.0.2\tbox.lan box\n',
  )
  assert.equal(hostsFile([ownEntry('1.2.3.4', 'h', '')], '9.9.9.9 x'), '9.9.9.9 x\n1.2.3.4\th\n')
  for (const entry of [
    '',
    'x',
    'x:',
    ':1.2.3.4',
    'x:1.2.3',
    'x:1.2.3.4\n5.6.7.8 y',
    'a\nb:1.2.3.4',
    'x:host-gateway',
  ]) {
    assert.throws(() => parseExtraHosts([entry]), { code: 'invalid-argument' }, entry)
  }
})

test('resolv.conf', () => {
  const host = '# made by hand\nnameserver 127.0.0.1\nnameserver 10.0.0.1 ; near\nsearch a.lan b.lan\noptions ndots:2\n'
  assert.equal(resolvConf(host, {}), 'nameserver 10.0.0.1\nsearch a.lan b.lan\noptions ndots:2\n')
  assert.equal(resolvConf('nameserver ::1\n', {}), 'nameserver 8.8.8.8\nnameserver 8.8.4.4\n')
  assert.equal(resolvConf('', {}), 'nameserver 8.8.8.8\nnameserver 8.8.4.4\n')
  assert.equal(resolvConf('nameserver 127.0.0.1\n', {}, true), 'nameserver 127.0.0.1\n')
  const request = { Dns: ['1.1.1.1'], DnsSearch: ['.'], DnsOptions: ['use-vc'] }
  assert.equal(resolvConf(host, request), 'nameserver 1.1.1.1\noptions use-vc\n')
  assert.throws(() => checkDns({ Dns: ['1.1.1'] }), {
    code: 'invalid-argument',
    message: 'bad nameserver address: 1.1.1',
  })
  assert.throws(() => checkDns({ DnsSearch: ['a\nnameserver 6.6.6.6'] }), { code: 'invalid-argument' })
})

test('network modes', () => {
  for (const mode of [undefined, '', 'default', 'bridge']) assert.deepEqual(parseNetworkMode(mode), { kind: 'bridge' })
  assert.deepEqual(parseNetworkMode('container:x'), { kind: 'container', id: 'x' })
  assert.throws(() => parseNetworkMode('container:'), { code: 'invalid-argument' })
  assert.throws(() => parseNetworkMode('front'), { code: 'not-found', message: 'network front not found' })
})

test('published ports', () => {
  const PortBindings = { '80/tcp': [{ HostPort: '8080' }] }
  const refusal = { code: 'not-implemented', message: 'publishing ports (--publish) is not supported by this engine' }
  for (const bridged of [{ PortBindings }, { PublishAllPorts: true }]) {
    assert.deepEqual(validateNetwork(bridged, ''), [])
    assert.throws(() => refuseUnsupported({}, bridged, {}), refusal)
  }
  assert.doesNotThrow(() => refuseUnsupported({}, { PortBindings, NetworkMode: 'none' }, {}))
  assert.deepEqual(validateNetwork({ PortBindings, NetworkMode: 'host' }, ''), [
    'Published ports are discarded when using host network mode',
  ])
  assert.deepEqual(validateNetwork({ PortBindings, NetworkMode: 'none' }, ''), [])
  assert.throws(() => validateNetwork({ PortBindings, NetworkMode: 'container:x' }, ''), /conflicting options/)
})
