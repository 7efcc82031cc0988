// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { limitWarnings } from '../src/system/limit-warnings.ts'
import { registryConfigOf } from '../src/system/registry-config.ts'
import { TestEngine } from './doubles/test-engine.ts'

test('info has what its API version has', async (t) => {
  const engine = await TestEngine.start(t)
  const info = async (version: string) => JSON.parse((await engine.request('GET', `/v${version}/info`)).body)
  const old = await info('1.48')
  assert.equal(old.BridgeNfIptables, false)
  assert.equal(old.BridgeNfIp6tables, false)
  assert.equal(old.RegistryConfig.AllowNondistributableArtifactsCIDRs, null)
  assert.equal(old.ContainerdCommit.Expected, old.ContainerdCommit.ID)
  const current = await info('1.50')
  assert.deepEqual(
    Object.keys(current).filter((key) => key.startsWith('BridgeNf')),
    [],
  )
  assert.deepEqual(Object.keys(current.RegistryConfig), ['InsecureRegistryCIDRs', 'IndexConfigs', 'Mirrors'])
  assert.deepEqual(current.RuncCommit, { ID: 'N/A' })
})

test('info tells the registries that may be insecure, and the mirrors', () => {
  const config = registryConfigOf({
    insecureRegistries: ['reg:5000', '10.0.0.0/8'],
    registryMirrors: ['https://mirror.example/'],
  })
  assert.deepEqual(config.InsecureRegistryCIDRs, ['::1/128', '127.0.0.0/8', '10.0.0.0/8'])
  assert.deepEqual(config.IndexConfigs['reg:5000'], { Name: 'reg:5000', Mirrors: [], Secure: false, Official: false })
  assert.deepEqual(config.IndexConfigs['docker.io']?.Mirrors, ['https://mirror.example/'])
  assert.deepEqual(config.Mirrors, ['https://mirror.example/'])
  assert.equal(registryConfigOf({}).Mirrors, null)
})

test('info warns of limits that the host does not have, in docker words', () => {
  const all = {
    MemoryLimit: true,
    SwapLimit: true,
    CpuCfsPeriod: true,
    CpuCfsQuota: true,
    CPUShares: true,
    CPUSet: true,
    IPv4Forwarding: true,
    OomKillDisable: true,
    CgroupVersion: '1',
  }
  assert.deepEqual(limitWarnings(all), [])
  assert.deepEqual(limitWarnings({ ...all, SwapLimit: false, IPv4Forwarding: false, OomKillDisable: false }), [
    'WARNING: No swap limit support',
    'WARNING: IPv4 forwarding is disabled',
    'WARNING: No oom kill disable support',
  ])
  assert.deepEqual(limitWarnings({ ...all, OomKillDisable: false, CgroupVersion: '2' }), [])
})

test('disk usage answers all types below API 1.42, and refuses one that does not exist', async (t) => {
  const engine = await TestEngine.start(t)
  await engine.client.volumeCreate({ Name: 'data' })
  const volumes = async (target: string) => JSON.parse((await engine.request('GET', target)).body).Volumes.length
  assert.equal(await volumes('/v1.41/system/df?type=image'), 1)
  assert.equal(await volumes('/v1.42/system/df?type=image'), 0)
  const refused = await engine.request('GET', '/v1.50/system/df?type=nosuch')
  assert.deepEqual([refused.status, refused.body.trim()], [400, '{"message":"unknown object type: nosuch"}'])
})

test('a load that fails is told in the stream, with status 200 as docker does', async (t) => {
  const engine = await TestEngine.start(t)
  engine.images.load = async function* () {
    yield* []
    throw new Error('invalid archive: does not contain a manifest.json')
  }
  const { status, body } = await engine.request('POST', '/images/load', 'x')
  const message = 'invalid archive: does not contain a manifest.json'
  assert.deepEqual([status, JSON.parse(body)], [200, { errorDetail: { message }, error: message }])
})

test('platforms in queries are JSON, and what is none is refused', async (t) => {
  const engine = await TestEngine.start(t)
  const asked: unknown[] = []
  engine.images.remove = async (reference, options) => {
    asked.push([reference, options?.platforms])
    return []
  }
  engine.images.save = async (names, options) => {
    asked.push([names, options?.platform])
    return (async function* () {})()
  }
  const arm = encodeURIComponent('{"os":"linux","architecture":"arm64","variant":"v8"}')
  assert.equal((await engine.request('DELETE', `/images/a?platforms=${arm}&platforms=${arm}`)).status, 200)
  assert.equal((await engine.request('GET', `/images/get?names=a&platform=${arm}`)).status, 200)
  const platform = { os: 'linux', architecture: 'arm64', variant: 'v8' }
  assert.deepEqual(asked, [
    ['a', [platform, platform]],
    [['a'], platform],
  ])
  for (const [text, message] of [
    ['linux/arm64', 'failed to parse platform: it is no JSON object'],
    ['{"os":"linux"}', 'both OS and Architecture must be provided'],
    ['{"os":1,"architecture":"arm64"}', 'failed to parse platform: os is no string'],
  ] as const) {
    const { status, body } = await engine.request('DELETE', `/images/a?platforms=${encodeURIComponent(text)}`)
    assert.deepEqual([status, JSON.parse(body)], [400, { message }])
  }
  assert.equal(asked.length, 2)
})

test('a prune of containers keeps what a label! filter names, and passes over one that is being removed', async (t) => {
  const engine = await TestEngine.start(t)
  const plain = await engine.create(['true'])
  const kept = await engine.create(['true'], { Labels: { keep: 'yes' } })
  const prune = async (filters: object) => {
    const target = `/containers/prune?filters=${encodeURIComponent(JSON.stringify(filters))}`
    const { status, body } = await engine.request('POST', target)
    return [status, JSON.parse(body).ContainersDeleted]
  }
  assert.deepEqual(await prune({ 'label!': ['keep'] }), [200, [plain]])
  assert.deepEqual(await prune({ 'label!': ['keep=yes'] }), [200, null])
  const [, [status]] = await Promise.all([engine.client.containerRemove(kept), prune({})])
  assert.equal(status, 200)
  assert.equal((await engine.request('POST', '/networks/prune?filters={"label!":["x"]}')).status, 200)
})

test('a pull without tag means every tag', async (t) => {
  const engine = await TestEngine.start(t)
  const asked: unknown[] = []
  engine.images.pull = async function* ({ reference, all }) {
    asked.push([reference, all])
    yield { status: 'x' }
  }
  for (const query of ['fromImage=a', 'fromImage=a:', 'fromImage=a&tag=b', 'fromImage=a:b', 'fromImage=r:5000/a']) {
    await engine.request('POST', `/images/create?${query}`)
  }
  assert.deepEqual(asked, [
    ['a', true],
    ['a', true],
    ['a:b', false],
    ['a:b', false],
    ['r:5000/a', true],
  ])
})
