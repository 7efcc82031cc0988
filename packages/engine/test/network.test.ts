// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createNetns, deleteNetns, RouteNetlink } from '@teu/linux'
import { machineProgram } from '../../../scripts/machine-programs.mjs'
import { createNetworkService, type NetworkServiceInit } from '../src/network/create-network-service.ts'
import type { ConnectRequest } from '../src/network/network-service.ts'

/** Set in the process that has a network namespace of its own: nothing here may touch the host's. */
const inside = process.env.TEU_TEST_NETNS === '1'
const skip =
  process.getuid?.() !== 0 ? 'needs root' : machineProgram('ip') === undefined ? 'needs ip of iproute2, to look' : false

function fixture(t: TestContext, extra: Partial<NetworkServiceInit> = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'teu-network-'))
  const events: string[] = []
  const init: NetworkServiceInit = {
    dataRoot: join(directory, 'data'),
    execRoot: join(directory, 'exec'),
    bridgeName: `teut${process.pid % 100000}`,
    onEvent: ({ action, attributes }) => events.push(`${action} ${attributes.name} ${attributes.container}`),
    ...extra,
  }
  t.after(async () => {
    await createNetworkService(init).restore(new Set())
    using net = RouteNetlink.open()
    net.deleteLink(init.bridgeName ?? '')
    rmSync(directory, { recursive: true })
  })
  const request = (containerId: string, hostConfig: ConnectRequest['hostConfig'] = {}): ConnectRequest => ({
    containerId,
    containerName: `name-of-${containerId}`,
    hostname: `host-${containerId}`,
    hostConfig,
    directory: join(directory, 'containers', containerId),
  })
  return { init, events, request, service: createNetworkService(init) }
}

const ip = (...args: string[]) => execFileSync('ip', args, { encoding: 'utf8' })
const inNetns = (netns: string, ...args: string[]) =>
  execFileSync('nsenter', [`--net=${netns}`, ...args], { encoding: 'utf8', timeout: 10_000 })
/** Fails unless the host of an address answers; that nothing listens is an answer. */
function reach(netns: string, address: string): void {
  const script = `require('net').connect(9, '${address}').setTimeout(5000, () => process.exit(2)).on('connect', () => process.exit(0)).on('error', ({ code }) => process.exit(code === 'ECONNREFUSED' ? 0 : 1))`
  inNetns(netns, process.execPath, '-e', script)
}

/** Waits for what the kernel does in its own time. */
async function settled(links: number): Promise<void> {
  for (let tries = 0; veths().length !== links; tries++) {
    assert.ok(tries < 1500, `still ${veths().length} links, not ${links}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
const veths = () => [...ip('-o', 'link').matchAll(/ (teuv[0-9a-f]+)@/g)].map(([, name]) => name)

if (!inside) {
  test('networks of containers', { skip }, () => {
    const file = fileURLToPath(import.meta.url)
    const args = ['--net', process.execPath, '--conditions=teu-source', '--test-reporter=spec', file]
    const { status, stdout, stderr } = spawnSync('unshare', args, {
      encoding: 'utf8',
      timeout: 120_000,
      env: { PATH: process.env.PATH, TEU_TEST_NETNS: '1' },
    })
    assert.equal(status, 0, `${stdout}\n${stderr}`)
  })
} else {
  test('two containers on the bridge reach one another and the host', async (t) => {
    const { service, request, init, events } = fixture(t)
    const a = await service.connect(request('aaa'))
    const b = await service.connect(request('bbb'))
    assert.equal(a.namespace.kind, 'path')
    const [endpointA, endpointB] = [a.endpoints.bridge, b.endpoints.bridge]
    assert.equal(endpointA?.Gateway, '172.17.0.1')
    assert.equal(endpointA?.IPAddress, '172.17.0.2')
    assert.equal(endpointA?.MacAddress, '02:42:ac:11:00:02')
    assert.equal(endpointB?.IPAddress, '172.17.0.3')
    assert.match(inNetns(a.sandboxKey, 'ip', '-4', 'addr', 'show', 'eth0'), /172\.17\.0\.2\/16 brd 172\.17\.255\.255/)
    assert.match(inNetns(a.sandboxKey, 'ip', 'route'), /default via 172\.17\.0\.1 dev eth0/)
    assert.match(inNetns(a.sandboxKey, 'ip', 'link', 'show', 'lo'), /LOOPBACK,UP/)
    assert.equal(inNetns(a.sandboxKey, 'cat', '/proc/sys/net/ipv6/conf/eth0/disable_ipv6').trim(), '1')
    reach(a.sandboxKey, '172.17.0.3')
    reach(a.sandboxKey, '172.17.0.1')
    assert.match(ip('-4', 'addr', 'show', init.bridgeName ?? ''), /172\.17\.0\.1\/16/)
    assert.match(readFileSync(a.files.hosts ?? '', 'utf8'), /^172\.17\.0\.2\thost-aaa$/m)
    assert.equal(readFileSync(a.files.hostname ?? '', 'utf8'), 'host-aaa\n')
    const [bridge] = await service.list()
    assert.equal(bridge?.Containers.bbb?.IPv4Address, '172.17.0.3/16')
    await service.release('aaa')
    await service.release('aaa')
    assert.equal(existsSync(a.sandboxKey), false)
    await settled(1)
    assert.deepEqual(events, ['connect bridge aaa', 'connect bridge bbb', 'disconnect bridge aaa'])
    assert.equal((await service.connect(request('ccc'))).endpoints.bridge?.IPAddress, '172.17.0.2')
  })

  test('a restarted engine finds its links, repairs the bridge and reaps the dead', async (t) => {
    const { service, request, init } = fixture(t)
    const a = await service.connect(request('aaa'))
    await service.connect(request('bbb'))
    const before = veths()
    const again = createNetworkService(init)
    await again.restore(new Set(['aaa']))
    await settled(1)
    assert.ok(before.includes(veths()[0] as string))
    assert.deepEqual(readdirSync(join(init.execRoot, 'netns')), [a.sandboxKey.split('/').at(-1)])
    const index = ip('-o', 'link', 'show', init.bridgeName ?? '').split(':')[0]
    await again.restore(new Set(['aaa']))
    assert.equal(ip('-o', 'link', 'show', init.bridgeName ?? '').split(':')[0], index)
    reach(a.sandboxKey, '172.17.0.1')
    ip('link', 'del', init.bridgeName ?? '')
    await again.connect(request('ccc'))
    reach(a.sandboxKey, '172.17.0.1')
  })

  test('what a crash left half made is removed', async (t) => {
    const { service, request, init } = fixture(t)
    await service.connect(request('aaa'))
    ip('link', 'add', 'teuv00000000', 'type', 'veth', 'peer', 'name', 'stray1')
    ip('link', 'set', 'teuv00000000', 'master', init.bridgeName ?? '')
    const stray = join(init.execRoot, 'netns', 'stray')
    createNetns(stray)
    await createNetworkService(init).restore(new Set(['aaa']))
    assert.equal(veths().includes('teuv00000000'), false)
    assert.equal(existsSync(stray), false)
    await settled(1)
  })

  test('the subnet avoids what the host uses, and stays', async (t) => {
    const { service, request, init } = fixture(t)
    ip('link', 'add', 'other0', 'type', 'bridge')
    t.after(() => ip('link', 'del', 'other0'))
    ip('addr', 'add', '172.17.5.1/24', 'dev', 'other0')
    ip('link', 'set', 'other0', 'up')
    ip('route', 'add', '172.18.0.0/15', 'dev', 'other0')
    const a = await service.connect(request('aaa'))
    assert.equal(a.endpoints.bridge?.Gateway, '172.20.0.1')
    ip('route', 'del', '172.18.0.0/15', 'dev', 'other0')
    const b = await createNetworkService(init).connect(request('bbb'))
    assert.equal(b.endpoints.bridge?.Gateway, '172.20.0.1')
  })

  test('a configured bridge address decides the subnet', async (t) => {
    const { service, request } = fixture(t, { bridgeAddress: '10.9.8.1/24' })
    const a = await service.connect(request('aaa'))
    assert.equal(a.endpoints.bridge?.IPAddress, '10.9.8.2')
    assert.equal(a.endpoints.bridge?.IPPrefixLen, 24)
    reach(a.sandboxKey, '10.9.8.1')
  })

  test('a failure leaves nothing behind', async (t) => {
    const { service, request, init } = fixture(t)
    await service.connect(request('aaa'))
    await assert.rejects(service.connect(request('bbb', { ExtraHosts: ['nonsense'] })), /bad format for add-host/)
    assert.equal(readdirSync(join(init.execRoot, 'netns')).length, 1)
    await settled(1)
    await new Promise((resolve) => setTimeout(resolve, 100))
    assert.equal(readdirSync(join(init.execRoot, 'network')).length, 1)
  })

  test('a container that is started again gets a new link, and one with company loses its own', async (t) => {
    const { service, request } = fixture(t)
    await service.connect(request('aaa'))
    const again = await service.connect(request('aaa'))
    assert.equal(again.endpoints.bridge?.IPAddress, '172.17.0.2')
    await settled(1)
    reach(again.sandboxKey, '172.17.0.1')
    const company = spawn('nsenter', [`--net=${again.sandboxKey}`, 'sleep', '60'])
    t.after(() => company.kill('SIGKILL'))
    await once(company, 'spawn')
    while (readFileSync(`/proc/${company.pid}/comm`, 'utf8') !== 'sleep\n')
      await new Promise((resolve) => setTimeout(resolve, 5))
    await service.release('aaa')
    await settled(0)
  })

  test('none, host and container need no link', async (t) => {
    const { service, request, init } = fixture(t)
    assert.deepEqual((await service.connect(request('n', { NetworkMode: 'none' }))).namespace, { kind: 'new' })
    assert.deepEqual((await service.connect(request('h', { NetworkMode: 'host' }))).namespace, { kind: 'host' })
    const joined = { ...request('c', { NetworkMode: 'container:x' }), joinPid: process.pid }
    assert.deepEqual((await service.connect(joined)).namespace, {
      kind: 'path',
      path: `/proc/${process.pid}/ns/net`,
    })
    await assert.rejects(service.connect(request('c', { NetworkMode: 'container:x' })), /non running container: x/)
    assert.equal(ip('-o', 'link').includes(init.bridgeName ?? ''), false)
    deleteNetns(join(init.execRoot, 'netns', 'absent'))
  })
}
