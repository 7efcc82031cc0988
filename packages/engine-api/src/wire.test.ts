// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { codeOf, StackError } from '@teu/errors'
import { checkApiVersion, compareApiVersions, splitApiVersion } from './api-version.ts'
import { parseHost } from './client/host.ts'
import { containerRoutes } from './containers/routes.ts'
import { decodeError, encodeError } from './errors.ts'
import { imageRoutes } from './images/routes.ts'
import { buildTarget, compilePath } from './path.ts'
import { decodeRegistryAuth, encodeRegistryAuth } from './registry-auth.ts'

test('versions are ordered by number, and the window is closed on both sides', () => {
  assert.ok(compareApiVersions('1.9', '1.10') < 0)
  assert.equal(compareApiVersions('1.41', '1.41.0'), 0)
  for (const version of ['1.24', '1.41', '1.50']) checkApiVersion(version)
  assert.throws(
    () => checkApiVersion('1.23'),
    /client version 1\.23 is too old\. Minimum supported API version is 1\.24/,
  )
  assert.throws(() => checkApiVersion('9999.9999'), /is too new\. Maximum supported API version is 1\.50/)
})

test('a version is split off only when it is one', () => {
  assert.deepEqual(splitApiVersion('/v1.41/info'), { version: '1.41', path: '/info' })
  assert.deepEqual(splitApiVersion('/info'), { version: undefined, path: '/info' })
  for (const path of ['/v1x/info', '/v/info', '/v1.41', '/version'])
    assert.equal(splitApiVersion(path).version, undefined)
})

test('a failure crosses the wire with its class', () => {
  assert.deepEqual(encodeError(new StackError('not-found', 'No such container: x')), {
    status: 404,
    body: { message: 'No such container: x' },
  })
  assert.deepEqual(encodeError(new StackError('not-modified', 'runs')), { status: 304, body: undefined })
  assert.equal(encodeError(new StackError('conflict', '')).body?.message, 'conflict')
  const error = decodeError(404, 'application/json', '{"message":"gone"}')
  assert.equal(error.message, 'Error response from daemon: gone')
  assert.equal(codeOf(error), 'not-found')
  assert.equal(decodeError(500, 'text/plain', 'plain\n').message, 'Error response from daemon: plain')
  assert.equal(decodeError(502, 'application/json', '{cut').message, 'Error response from daemon: {cut')
})

test('greedy names take slashes, others do not', () => {
  const inspect = compilePath(imageRoutes.inspect.path)
  assert.deepEqual(inspect('/images/a/b/c/json'), { name: 'a/b/c' })
  assert.equal(inspect('/images/json'), undefined)
  const start = compilePath(containerRoutes.start.path)
  assert.deepEqual(start('/containers/a%2Fb/start'), { id: 'a/b' })
  assert.equal(start('/containers/a/b/start'), undefined)
  assert.equal(start('/containers/%00/start'), undefined)
  assert.equal(start('/containers/%zz/start'), undefined)
})

test('targets are encoded so that they match their own route', () => {
  const name = 'localhost:5000/a b/c?d'
  const target = buildTarget(imageRoutes.push, { name }, { tag: 'x y', skipped: undefined })
  assert.equal(target, '/images/localhost%3A5000/a%20b/c%3Fd/push?tag=x+y')
  assert.deepEqual(compilePath(imageRoutes.push.path)(target.split('?')[0] as string), { name })
  assert.throws(() => buildTarget(containerRoutes.start, { id: '' }), /value is empty/)
})

test('registry credentials survive their header, and junk is anonymous', () => {
  const auth = { username: 'u', password: 'pä/+?', serveraddress: 'r' }
  assert.deepEqual(decodeRegistryAuth(encodeRegistryAuth(auth)), auth)
  for (const junk of [
    undefined,
    '',
    '!!!',
    Buffer.from('[]').toString('base64'),
    Buffer.from('{').toString('base64'),
  ]) {
    assert.equal(decodeRegistryAuth(junk), undefined)
  }
})

test('hosts are sockets or addresses', () => {
  assert.deepEqual(parseHost('unix:///run/x.sock', false), {
    kind: 'unix',
    path: '/run/x.sock',
    hostHeader: 'api.moby.localhost',
  })
  assert.deepEqual(parseHost('tcp://[::1]', true), {
    kind: 'tcp',
    host: '::1',
    port: 2376,
    hostHeader: '[::1]',
    basePath: '',
  })
  assert.equal((parseHost('tcp://h:1234/base/', false) as { basePath: string }).basePath, '/base')
  for (const host of ['', 'run.sock', 'ftp://x', 'tcp://:x:y']) {
    assert.throws(
      () => parseHost(host, false),
      (e) => codeOf(e) === 'invalid-argument',
      host,
    )
  }
})
