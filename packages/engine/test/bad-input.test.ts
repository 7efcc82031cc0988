// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { type RawReply, TestEngine } from './doubles/test-engine.ts'

/** The exact shape of a failure, and that the engine goes on as if nothing had happened. */
async function refused(engine: TestEngine, reply: RawReply, status: number, message: string | RegExp): Promise<void> {
  const text = reply.body.slice(0, 200)
  assert.equal(reply.status, status, text)
  assert.equal(reply.headers['content-type'], 'application/json', text)
  const value = JSON.parse(reply.body)
  assert.deepEqual(Object.keys(value), ['message'])
  if (typeof message === 'string') assert.equal(value.message, message)
  else assert.match(value.message, message)
  assert.equal((await engine.request('GET', '/_ping')).body, 'OK')
}

test('paths that do not exist are 404 page not found, whatever the method', async (t) => {
  const engine = await TestEngine.start(t)
  const targets = [
    ['GET', '/'],
    ['GET', '/nosuch'],
    ['PATCH', '/containers/json'],
    ['DELETE', '/v1.41/info'],
    ['GET', '/containers/%00/json'],
    ['GET', '/containers/a%zz/json'],
    ['GET', `/${'x'.repeat(8192)}`],
    ['GET', '/v1.x/info'],
    ['GET', '/containers/a/b/c/json'],
  ] as const
  for (const [method, target] of targets) {
    await refused(engine, await engine.request(method, target), 404, 'page not found')
  }
})

test('an encoded slash and dots are part of a name, not of the path', async (t) => {
  const engine = await TestEngine.start(t)
  await refused(
    engine,
    await engine.request('GET', '/containers/..%2f..%2fetc/json'),
    404,
    'No such container: ../../etc',
  )
})

test('double slashes are cleaned by a redirect', async (t) => {
  const engine = await TestEngine.start(t)
  const reply = await engine.request('GET', '/containers//json?all=1')
  assert.deepEqual([reply.status, reply.headers.location], [301, '/containers/json?all=1'])
})

test('versions outside the window are told which one would do', async (t) => {
  const engine = await TestEngine.start(t)
  await refused(engine, await engine.request('GET', '/v9999.9999/info'), 400, /client version 9999\.9999 is too new/)
  const old = await engine.request('GET', '/v0.1/info')
  assert.equal(old.status, 400)
  assert.equal(old.headers['content-type'], 'text/plain; charset=utf-8')
  assert.match(old.body, /^client version 0\.1 is too old/)
  assert.equal((await engine.request('GET', '/v1.41/containers/json')).status, 200)
})

test('a cluster manager is asked for in vain', async (t) => {
  const engine = await TestEngine.start(t)
  for (const path of ['/swarm', '/nodes', '/services/x', '/v1.41/secrets/create']) {
    await refused(engine, await engine.request('GET', path), 503, /^This node is not a swarm manager\./)
  }
})

test('bodies of another type than JSON are refused, which is what stops forged requests', async (t) => {
  const engine = await TestEngine.start(t)
  const post = (type?: string) =>
    engine.request(
      'POST',
      '/containers/create',
      '{"Image":"busybox"}',
      type === undefined ? {} : { 'content-type': type },
    )
  await refused(
    engine,
    await post('text/plain'),
    400,
    "unsupported Content-Type header (text/plain): must be 'application/json'",
  )
  await refused(engine, await post('multipart/form-data; boundary=x'), 400, /^unsupported Content-Type header/)
  await refused(engine, await post('garbage'), 400, /^malformed Content-Type header \(garbage\)/)
  await refused(engine, await post(), 400, /^malformed Content-Type header \(\)/)
  assert.equal((await engine.request('GET', '/_ping')).headers['access-control-allow-origin'], undefined)
})

test("bodies that are no JSON are refused with the original's texts", async (t) => {
  const engine = await TestEngine.start(t)
  const post = (body: string) =>
    engine.request('POST', '/containers/create', body, { 'content-type': 'application/json' })
  await refused(engine, await post('{'), 400, /^invalid JSON: /)
  await refused(engine, await post('[]'), 400, /^invalid JSON: json: cannot unmarshal array/)
  await refused(engine, await post('""'), 400, /^invalid JSON: json: cannot unmarshal string/)
  await refused(engine, await post('\ufeff{}'), 400, /^invalid JSON: /)
  await refused(engine, await post('{"Image":NaN}'), 400, /^invalid JSON: /)
  await refused(engine, await post('{}{}'), 400, 'unexpected content after JSON')
  await refused(engine, await post('['.repeat(1_000_000)), 400, /^invalid JSON: exceeded max depth/)
  await refused(engine, await post('null'), 400, 'config cannot be empty in order to create a container')
  await refused(engine, await post(''), 400, 'config cannot be empty in order to create a container')
  await refused(engine, await post(`{"x":"${'a'.repeat(33 << 20)}"}`), 400, /^invalid JSON: request body is over/)
})

test('creates that cannot be are refused, and leave nothing', async (t) => {
  const engine = await TestEngine.start(t)
  const create = (body: object, query = '') =>
    engine.json('POST', `/containers/create${query}`, { Image: 'busybox', ...body })
  const host = (hostConfig: object) => create({ HostConfig: hostConfig })
  await refused(engine, await create({ Image: 'nosuch' }), 404, 'No such image: nosuch:latest')
  await refused(engine, await create({}, '?name=-x'), 400, /^Invalid container name \(-x\), only \[a-zA-Z0-9\]/)
  await refused(engine, await create({ Env: ['=x'] }), 400, /invalid environment variable/)
  await refused(engine, await host({ Memory: 1024 }), 400, 'Minimum memory limit allowed is 6MB')
  await refused(engine, await host({ Memory: 2 ** 53 + 2 }), 400, /cannot unmarshal number/)
  await refused(
    engine,
    await host({ RestartPolicy: { Name: 'x' } }),
    400,
    /^invalid restart policy: unknown policy 'x'/,
  )
  await refused(engine, await host({ CapAdd: ['CAP_NOPE'] }), 400, /CAP_NOPE|capability/i)
  await refused(engine, await host({ LogConfig: { Type: 'nope' } }), 400, /no log driver named 'nope'/)
  await refused(engine, await host({ Runtime: 'nope' }), 400, 'unknown or invalid runtime name: nope')
  await refused(engine, await host({ Binds: ['relative:/x:zz'] }), 400, /./)
  assert.equal(engine.images.roots.size, 0)
  assert.equal((await engine.client.containerList({ all: true })).length, 0)
})

test('queries that cannot be read are refused', async (t) => {
  const engine = await TestEngine.start(t)
  const id = await engine.create(['sleep'])
  await engine.client.containerStart(id)
  const bad: [string, string, RegExp][] = [
    ['GET', '/containers/json?filters={', /invalid filter/],
    ['GET', '/containers/json?filters={"nme":["x"]}', /invalid filter 'nme'/],
    ['GET', '/containers/json?filters={"status":["sleeping"]}', /invalid filter 'status=sleeping'/],
    ['GET', '/containers/json?limit=abc', /strconv\.ParseInt/],
    ['GET', `/containers/${id}/logs`, /^Bad parameters: you must choose at least one stream$/],
    ['GET', `/containers/${id}/logs?stdout=1&since=yesterday`, /failed to parse value as time or duration/],
    ['POST', `/containers/${id}/kill?signal=FOO`, /invalid signal: FOO/],
    ['POST', `/containers/${id}/kill?signal=65`, /invalid signal: 65/],
    ['POST', `/containers/${id}/stop?t=x`, /strconv\.ParseInt/],
    ['POST', `/containers/${id}/wait?condition=never`, /invalid condition: "never"/],
    ['POST', `/containers/${id}/resize?h=0&w=4294967296`, /invalid resize width/],
    ['POST', `/containers/${id}/resize?h=10`, /invalid resize width/],
    ['POST', `/containers/${id}/attach?stream=1&detachKeys=nokey`, /Invalid detach keys/],
    ['GET', '/events?filters={"x":["y"]}', /invalid filter 'x'/],
    ['GET', '/system/df?type=cats', /unknown object type: cats/],
  ]
  for (const [method, target, message] of bad) {
    await refused(engine, await engine.request(method, encodeURI(target)), 400, message)
  }
})

test('what does not exist or is in the wrong state has its own text', async (t) => {
  const engine = await TestEngine.start(t)
  const id = await engine.create(['sleep'])
  const named = await engine.json('POST', '/containers/create?name=web', { Image: 'busybox' })
  const webId = JSON.parse(named.body).Id
  const short = id.slice(0, 12)
  const rows: [string, string, number, string | RegExp][] = [
    ['GET', '/containers/nosuch/json', 404, 'No such container: nosuch'],
    ['GET', `/containers/${id.toUpperCase()}/json`, 404, /^No such container: /],
    ['GET', `/containers/${id}0/json`, 404, /^No such container: /],
    [
      'POST',
      `/containers/${short}/kill`,
      409,
      new RegExp(`^cannot kill container: .*: container ${id} is not running$`),
    ],
    ['POST', `/containers/${short}/pause`, 409, `container ${id} is not running`],
    ['POST', `/containers/${short}/unpause`, 409, `Container ${id} is not paused`],
    ['GET', `/containers/${short}/top`, 409, `container ${id} is not running`],
    [
      'POST',
      `/containers/${short}/rename?name=web`,
      409,
      new RegExp(
        `^Error when allocating new name: Conflict\\. The container name "/web" is already in use by container "${webId}"`,
      ),
    ],
    ['POST', `/containers/${short}/rename`, 400, 'Neither old nor new names may be empty'],
    [
      'POST',
      `/containers/${short}/rename?name=a%22b`,
      400,
      'Error when allocating new name: Invalid container name (/a"b), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed',
    ],
    ['GET', '/exec/nosuch/json', 404, 'No such exec instance: nosuch'],
    ['GET', '/images/nosuch/json', 404, /^No such image: nosuch/],
    ['GET', '/images/a/b/c/json', 404, /^No such image: a\/b\/c/],
    ['GET', '/networks/nosuch', 404, 'network nosuch not found'],
    ['GET', '/volumes/nosuch', 404, 'get nosuch: no such volume'],
    ['GET', '/plugins/x/y/json', 404, 'plugin "x/y" not found'],
  ]
  for (const [method, target, status, message] of rows)
    await refused(engine, await engine.request(method, target), status, message)
  const exec = await engine.json('POST', `/containers/${id}/exec`, { Cmd: ['x'] })
  await refused(engine, exec, 409, `container ${id} is not running`)
  const duplicate = await engine.json('POST', '/containers/create?name=web', { Image: 'busybox' })
  await refused(engine, duplicate, 409, /^Conflict\. The container name "\/web" is already in use/)
  assert.equal((await engine.request('POST', `/containers/${id}/stop`)).status, 304)
  await engine.client.containerStart(id)
  const again = await engine.request('POST', `/containers/${id}/start`)
  assert.deepEqual([again.status, again.body], [304, ''])
  const remove = await engine.request('DELETE', `/containers/${id}`)
  await refused(
    engine,
    remove,
    409,
    /^cannot remove container "\/[a-z_0-9]+": container is running: stop the container before removing or force remove$/,
  )
  const empty = await engine.json('POST', `/containers/${id}/exec`, {})
  await refused(engine, empty, 400, 'No exec command specified')
})

test('broken HTTP is answered and cut, and others are served', async (t) => {
  const engine = await TestEngine.start(t)
  const host = 'Host: x\r\n'
  assert.match(
    await engine.raw(`GET /_ping HTTP/1.1\r\n${host}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n`),
    /^HTTP\/1\.1 400 /,
  )
  assert.match(await engine.raw(`POST /auth HTTP/1.1\r\n${host}Content-Length: x\r\n\r\n`), /^HTTP\/1\.1 400 /)
  assert.match(await engine.raw('junk\r\n\r\n'), /^HTTP\/1\.1 400 /)
  assert.match(await engine.raw('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), /^HTTP\/1\.1 400 /)
  assert.match(await engine.raw(`GET / HTTP/1.1\r\n${host}X: ${'a'.repeat(1 << 20)}\r\n\r\n`), /^HTTP\/1\.1 431 /)
  const header = `X-Registry-Config: ${'a'.repeat(900_000)}`
  assert.match(
    await engine.raw(`GET /_ping HTTP/1.1\r\n${host}Connection: close\r\n${header}\r\n\r\n`),
    /^HTTP\/1\.1 200 /,
  )
  assert.equal((await engine.request('GET', '/_ping')).body, 'OK')
})

test('every reply says who answers', async (t) => {
  const engine = await TestEngine.start(t)
  const ping = await engine.request('HEAD', '/_ping')
  assert.equal(ping.status, 200)
  assert.match(String(ping.headers.server), /^Docker\/[\d.]+ \(linux\)$/)
  assert.equal(ping.headers['api-version'], '1.50')
  assert.equal(ping.headers.ostype, 'linux')
  assert.equal(ping.headers['docker-experimental'], 'false')
  assert.equal(ping.headers['builder-version'], '1')
  assert.equal(ping.headers['content-length'], '0')
  assert.equal((await engine.request('GET', '/nosuch')).headers['api-version'], '1.50')
  assert.equal((await engine.request('OPTIONS', '/anything')).status, 200)
  assert.equal((await engine.request('GET', '/v1.41/containers/json?all=True&limit=-1&size=0&trunc_cmd=0')).status, 200)
})

test('what this engine does not have is said, not hidden behind a 404', async (t) => {
  const engine = await TestEngine.start(t)
  const build = await engine.request('POST', '/build')
  await refused(engine, build, 501, 'this engine does not support building images')
  const id = await engine.create(['sleep'])
  const rows: [string, string, object | undefined, number, string][] = [
    ['GET', `/containers/${id}/stats`, undefined, 501, 'this engine does not support statistics of containers'],
    ['GET', '/containers/x/stats', undefined, 404, 'No such container: x'],
    ['GET', `/containers/${id}/changes`, undefined, 501, 'listing the changes of a container'],
    ['GET', '/containers/x/changes', undefined, 404, 'No such container: x'],
    ['GET', `/containers/${id}/archive`, undefined, 400, 'bad parameter: pathcannot be empty'],
    ['GET', '/containers/x/archive?path=/', undefined, 404, 'No such container: x'],
    ['PUT', `/containers/${id}/archive?path=/`, undefined, 501, 'copying files out of and into containers'],
    ['POST', '/containers/x/update', {}, 404, 'No such container: x'],
    ['POST', `/containers/${id}/update`, { Memory: 'x' }, 400, 'cannot unmarshal string'],
    ['POST', `/containers/${id}/update`, undefined, 400, 'got EOF while reading request body'],
    ['POST', `/containers/${id}/update`, { Memory: 1 << 30 }, 501, 'changing the limits of a container'],
    ['POST', '/networks/create', undefined, 400, 'got EOF while reading request body'],
    ['POST', '/networks/create', { Name: 1 }, 400, 'cannot unmarshal number'],
    ['POST', '/networks/create', { Name: ' ' }, 400, 'name is empty'],
    ['POST', '/networks/create', { Name: 'host' }, 403, 'operation is not permitted on predefined host network '],
    ['POST', '/networks/create', { Name: 'mine' }, 501, 'creating networks'],
    ['POST', '/networks/n/connect', { Container: 'x' }, 404, 'No such container: x'],
    ['POST', '/networks/n/connect', { Container: id }, 404, 'network n not found'],
    ['POST', '/networks/n/disconnect', { Container: id }, 404, 'network n not found'],
    ['POST', '/commit', undefined, 400, 'invalid name or ID supplied: ""'],
    ['POST', '/commit?container=x', undefined, 404, 'No such container: x'],
    ['POST', `/commit?container=${id}`, undefined, 501, 'making an image of a container'],
    ['POST', '/session', undefined, 400, 'no upgrade proto in request'],
    ['GET', '/images/search?term=x&limit=101', undefined, 400, 'Limit 101 is outside the range of [1, 100]'],
    ['GET', '/images/search?term=x', undefined, 501, 'searching registries'],
    ['DELETE', '/containers/x?link=1', undefined, 404, 'No such container: x'],
    ['DELETE', `/containers/${id}?link=1`, undefined, 501, 'removing links (--link) is not supported by this engine'],
  ]
  for (const [method, target, body, status, message] of rows) {
    const reply = await (body === undefined ? engine.request(method, target) : engine.json(method, target, body))
    assert.deepEqual([reply.status, reply.body.includes(JSON.stringify(message).slice(1, -1))], [status, true], target)
  }
  assert.deepEqual(JSON.parse((await engine.request('POST', '/networks/prune')).body), { NetworksDeleted: null })
  assert.equal((await engine.request('GET', '/plugins')).body, '[]\n')
})
