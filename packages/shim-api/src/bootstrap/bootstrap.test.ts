// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { packAny } from '../any.ts'
import { Options as RuncOptions } from '../gen/containerd/runc/v1/options.ts'
import { Any } from '../gen/google/protobuf/any.ts'
import { runcOptions } from '../options/named-types.ts'
import { formatShimArguments, parseShimArguments } from './argv.ts'
import { encodeBootstrapResult, formatBootstrapParams, parseBootstrapParams } from './bootstrap-message.ts'
import { formatShimEnvironment, readShimEnvironment } from './environment.ts'
import { shimBinaryName } from './runtime-name.ts'
import { shimSocketPath } from './socket-path.ts'
import { formatStartReply, parseStartReply } from './start-reply.ts'

test('the command lines of containerd are read, in each form of Go flags', () => {
  const parsed = parseShimArguments(
    '-namespace moby -address /run/c.sock -publish-binary /usr/bin/containerd -id c1 -debug start'.split(' '),
  )
  assert.deepEqual(parsed, {
    action: 'start',
    namespace: 'moby',
    address: '/run/c.sock',
    publishBinary: '/usr/bin/containerd',
    id: 'c1',
    bundle: '',
    socket: '',
    debug: true,
  })
  assert.equal(parseShimArguments(['--id=c2', '-bundle=/b', 'delete']).bundle, '/b')
  assert.equal(parseShimArguments(['-id', '-x']).id, '-x')
  assert.equal(parseShimArguments(['-id', 'c']).action, 'serve')
  assert.equal(parseShimArguments(['-v']).action, 'version')
  assert.equal(parseShimArguments(['-version']).action, 'version')
  assert.equal(parseShimArguments(['-info']).action, 'info')
  assert.equal(parseShimArguments(['-debug=false', '--', 'start']).debug, false)
})

test('a command line that is not understood is refused', () => {
  for (const argv of [['-nope'], ['-id'], ['stop'], ['start', 'start'], ['-__proto__', 'x']]) {
    assert.throws(() => parseShimArguments(argv), { code: 'invalid-argument' }, argv.join(' '))
  }
})

test('a formatted command line reads as it was', () => {
  for (const action of ['start', 'delete', 'serve', 'version', 'info'] as const) {
    const arguments_ = {
      action,
      namespace: 'n',
      id: 'i',
      address: 'a',
      publishBinary: 'p',
      bundle: 'b',
      socket: 's',
      debug: true,
    }
    assert.deepEqual(parseShimArguments(formatShimArguments(arguments_)), arguments_)
  }
})

test('a start reply is a bare address or JSON', () => {
  const plain = { version: 2, address: 'unix:///run/s/x', protocol: 'ttrpc' }
  for (const output of ['unix:///run/s/x', 'unix:///run/s/x\n', '  unix:///run/s/x  ']) {
    assert.deepEqual(parseStartReply(output), plain)
  }
  assert.deepEqual(parseStartReply('{"version":3,"address":"unix:///a","protocol":"grpc","more":1}'), {
    version: 3,
    address: 'unix:///a',
    protocol: 'grpc',
  })
  assert.equal(parseStartReply('{"version":2,"address":"unix:///a"}').protocol, 'ttrpc')
  for (const reply of [plain, { ...plain, version: 3, serves: 'namespace' }] as const) {
    assert.deepEqual(parseStartReply(formatStartReply(reply as never, 'json')), reply)
  }
  assert.equal(formatStartReply({ version: 2, address: 'unix:///a', protocol: 'ttrpc' }, 'plain'), 'unix:///a')
})

test('a start reply without an address, or of a later version, is refused', () => {
  for (const output of [
    '',
    '\n',
    'unix:///a\nunix:///b',
    'panic: something',
    '{"version":2,"address":""}',
    '{"version":1}x y',
  ]) {
    assert.throws(() => parseStartReply(output), { code: 'invalid-argument' }, output)
  }
  assert.throws(() => parseStartReply('{"version":4,"address":"unix:///a"}'), { code: 'not-implemented' })
  assert.throws(() => parseStartReply('{"version":99,"address":"unix:///a"}'), { code: 'not-implemented' })
  assert.throws(() => parseStartReply('{"version":2,"address":"unix:///a","protocol":"http"}'), {
    code: 'not-implemented',
  })
})

test('a runtime name gives the name of a program', () => {
  assert.equal(shimBinaryName('io.containerd.runc.v2'), 'containerd-shim-runc-v2')
  assert.equal(shimBinaryName('io.containerd.teu.v1'), 'containerd-shim-teu-v1')
  assert.equal(shimBinaryName('a.b'), 'containerd-shim-a-b')
  for (const name of ['runc', '', '.runc.v2', 'io..', './runc.v2', 'bin/x.y']) {
    assert.throws(() => shimBinaryName(name), { code: 'invalid-argument' }, name)
  }
})

test('a socket is named by address, namespace and key, and never too long', () => {
  // sha256 of "/run/containerd/containerd.sock/moby/c1".
  assert.equal(
    shimSocketPath('/run/s', '/run/containerd/containerd.sock', 'moby', 'c1'),
    '/run/s/a878430cf190ea064d0e2baf3e51f64748c8e4c3ea94be811947f9a5ef906cf1',
  )
  assert.throws(() => shimSocketPath(`/${'x'.repeat(60)}`, 'a', 'n', 'k'), { code: 'invalid-argument' })
})

test('the environment says where events go and which versions are known', () => {
  const environment = { ttrpcAddress: '/t', grpcAddress: '/g', namespace: 'n', maximumTaskVersion: 3 }
  const { serves, ...read } = readShimEnvironment(formatShimEnvironment(environment))
  assert.deepEqual(read, environment)
  assert.equal(serves, undefined)
  assert.equal(readShimEnvironment(formatShimEnvironment({ serves: 'namespace' })).serves, 'namespace')
  assert.equal(readShimEnvironment({ TEU_SHIM_SERVES: 'all' }).serves, undefined)
  assert.equal(readShimEnvironment({ MAX_SHIM_VERSION: 'many' }).maximumTaskVersion, undefined)
  assert.equal(readShimEnvironment({}).ttrpcAddress, undefined)
})

const params = {
  id: 'c1',
  namespace: 'moby',
  debug: true,
  containerdVersion: '2.3.0',
  ttrpcAddress: '/run/c.sock.ttrpc',
  grpcAddress: '/run/c.sock',
  containerdBinary: '/usr/bin/containerd',
  extensions: [packAny(runcOptions, RuncOptions.fromPartial({ binaryName: 'crun' }))],
  socketFolder: '/run/s',
}

test('the message of containerd 2.3 is read as it was written, and told from the options of earlier ones', () => {
  assert.deepEqual(parseBootstrapParams(formatBootstrapParams(params), params), params)
  assert.equal(parseBootstrapParams(formatBootstrapParams(params), { id: 'c1', namespace: 'other' }), undefined)
  const options = Any.encode(packAny(runcOptions, RuncOptions.fromPartial({ root: '/r' }))).finish()
  assert.equal(parseBootstrapParams(options, params), undefined)
  assert.equal(parseBootstrapParams(new Uint8Array(), { id: '', namespace: '' }), undefined)
  assert.equal(parseBootstrapParams(Buffer.from('no message'), params), undefined)
})

test('a log level of trace, and levels that are not known yet, say whether to tell more', () => {
  const level = (value: number) => {
    // Field 3, a varint of ten bytes when it is negative.
    const varint: number[] = []
    let rest = BigInt.asUintN(64, BigInt(value))
    for (; rest > 127n; rest >>= 7n) varint.push(Number(rest & 127n) | 128)
    const message = Buffer.from([10, 1, 0x61, 18, 1, 0x62, 24, ...varint, Number(rest)])
    return parseBootstrapParams(message, { id: 'a', namespace: 'b' })?.debug
  }
  assert.deepEqual([-8, -6, -4, -3, 0, 4, 12].map(level), [true, true, true, false, false, false, false])
})

test('an answer of containerd 2.3 is read like the others', () => {
  const reply = { version: 3, address: 'unix:///run/s/x', protocol: 'ttrpc', serves: 'namespace' } as const
  assert.deepEqual(parseStartReply(encodeBootstrapResult(reply)), reply)
  const { serves: _, ...plain } = reply
  assert.deepEqual(parseStartReply(encodeBootstrapResult(plain)), plain)
  for (const output of ['unix:///run/s/x', '{"version":2,"address":"unix:///a"}']) {
    assert.deepEqual(parseStartReply(Buffer.from(output)), parseStartReply(output))
  }
  assert.throws(() => parseStartReply(encodeBootstrapResult({ ...reply, version: 4 })), { code: 'not-implemented' })
})
