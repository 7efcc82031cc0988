// SPDX-License-Identifier: Apache-2.0
// The fields of a create request, their effect, and the order in which they are refused.
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import test, { type TestContext } from 'node:test'
import type { Spec } from '@teu/oci-spec/runtime'
import { TestEngine } from './doubles/test-engine.ts'

type Body = Record<string, unknown>

async function creating(t: TestContext) {
  const engine = await TestEngine.start(t)
  const create = (body: Body, version = '', query = '') =>
    engine.json('POST', `${version}/containers/create${query}`, { Image: 'busybox', Cmd: ['sleep'], ...body })
  const refused = async (body: Body, status: number, message: string, version = '') => {
    const reply = await create(body, version)
    assert.deepEqual([reply.status, JSON.parse(reply.body).message], [status, message])
  }
  const made = async (body: Body, version = ''): Promise<string> => {
    const reply = await create(body, version)
    assert.equal(reply.status, 201, reply.body)
    return JSON.parse(reply.body).Id
  }
  const specOf = (id: string): Spec => {
    const value = engine.containerd.containers.get(id)?.spec?.value ?? []
    return JSON.parse(Buffer.from(value).toString()) as Spec
  }
  return { engine, refused, made, specOf }
}

test('health checks have durations of a millisecond at least', async (t) => {
  const { refused, made } = await creating(t)
  for (const name of ['Interval', 'Timeout', 'StartPeriod', 'StartInterval']) {
    for (const duration of [999_999, -1]) {
      await refused({ Healthcheck: { [name]: duration } }, 400, `${name} in Healthcheck cannot be less than 1ms`)
    }
  }
  await refused({ Healthcheck: { Retries: -1 } }, 400, 'Retries in Healthcheck cannot be negative')
  await made({ Healthcheck: { Interval: 1_000_000, Timeout: 0, Retries: 0 } })
})

test('containers that are to be joined must exist, and a missing one is no missing image', async (t) => {
  const { refused } = await creating(t)
  const missing = 'No such container: nothere'
  await refused({ HostConfig: { PidMode: 'container:nothere' } }, 400, missing)
  await refused({ HostConfig: { IpcMode: 'container:nothere' } }, 400, missing)
  await refused({ HostConfig: { VolumesFrom: ['nothere:ro'] } }, 400, missing)
  await refused({ HostConfig: { Links: ['nothere:x'] } }, 400, `could not get container for nothere: ${missing}`)
})

test('the network of another container is kept by its id, and brings its name', async (t) => {
  const { engine, made, specOf, refused } = await creating(t)
  const donor = await made({ Hostname: 'donor', Domainname: 'example', HostConfig: { NetworkMode: 'none' } })
  const id = await made({ HostConfig: { NetworkMode: `container:${donor.slice(0, 12)}` } })
  const before = await engine.client.containerInspect(id)
  assert.deepEqual([before.HostConfig.NetworkMode, before.Config.Hostname], [`container:${donor}`, id.slice(0, 12)])
  await assert.rejects(engine.client.containerStart(id), /cannot join network of a non running container: /)
  await engine.client.containerStart(donor)
  await engine.client.containerStart(id)
  const { Config } = await engine.client.containerInspect(id)
  assert.deepEqual([Config.Hostname, Config.Domainname], ['donor', 'example'])
  const spec = specOf(id)
  assert.equal(spec.hostname, 'donor')
  assert.ok(spec.process?.env?.includes('HOSTNAME=donor'))
  const mode = { NetworkMode: `container:${donor}` }
  const conflicts: [Body, string][] = [
    [{ Hostname: 'x', HostConfig: mode }, 'hostname and the network mode'],
    [{ HostConfig: { ...mode, Dns: ['1.1.1.1'] } }, 'dns and the network mode'],
    [{ HostConfig: { ...mode, ExtraHosts: ['a:1.1.1.1'] } }, 'custom host-to-IP mapping and the network mode'],
    [{ ExposedPorts: { '80/tcp': {} }, HostConfig: mode }, 'port exposing and the container type network mode'],
    [{ HostConfig: { ...mode, PublishAllPorts: true } }, 'port publishing and the container type network mode'],
    [{ MacAddress: '02:42:ac:11:00:02', HostConfig: mode }, 'mac-address and the network mode'],
    [{ Hostname: 'x', HostConfig: { UTSMode: 'host' } }, 'hostname and the UTS mode'],
  ]
  for (const [body, what] of conflicts) await refused(body, 400, `conflicting options: ${what}`)
})

test('a platform is one that there is, and the image must be of it', async (t) => {
  const { engine, refused } = await creating(t)
  const create = (platform: string) =>
    engine.json('POST', `/containers/create?platform=${platform}`, { Image: 'busybox', Cmd: ['sleep'] })
  const message = async (platform: string) => {
    const { status, body } = await create(platform)
    return [status, JSON.parse(body).message]
  }
  assert.deepEqual(await message('foobar'), [
    400,
    '"foobar": unknown operating system or architecture: invalid argument',
  ])
  const other = 'image with reference busybox:latest was found but its platform (linux/amd64) does not match the'
  assert.deepEqual(await message('linux/s390x'), [404, `${other} specified platform (linux/s390x)`])
  for (const fitting of ['linux/amd64', 'linux/x86_64', 'amd64']) assert.equal((await create(fitting)).status, 201)
  const old = await engine.json('POST', '/v1.40/containers/create?platform=foobar', {
    Image: 'busybox',
    Cmd: ['sleep'],
  })
  assert.equal(old.status, 201)
  await refused({ Image: 'nosuch' }, 404, 'No such image: nosuch:latest')
})

test('a create is 501 when it asks for a feature that is not built yet, after other refusals', async (t) => {
  const { refused, engine } = await creating(t)
  const no = (what: string) => `${what} is not supported by this engine`
  const host = (config: Body, what: string) => refused({ HostConfig: config }, 501, no(what))
  await host({ Init: true }, 'an init process inside the container (--init)')
  await host({ DeviceRequests: [{ Driver: 'x' }] }, 'asking for devices by their driver (--gpus)')
  await host({ StorageOpt: { size: '1G' } }, 'storage options (--storage-opt)')
  await host({ Mounts: [{ Type: 'image', Source: 'x', Target: '/a' }] }, 'mounting images (--mount type=image)')
  const subpath = { Type: 'volume', Source: 'v1', Target: '/a', VolumeOptions: { Subpath: 'x' } }
  await host({ Mounts: [subpath] }, 'a subpath of a volume (volume-subpath)')
  await host({ PortBindings: { '80/tcp': [{}] } }, 'publishing ports (--publish)')
  await host({ PublishAllPorts: true }, 'publishing ports (--publish)')
  const donor = await engine.create(['sleep'])
  await host({ VolumesFrom: [donor] }, 'volumes of other containers (--volumes-from)')
  await host({ Links: [`${donor}:x`] }, 'links to other containers (--link)')
  const networks = (EndpointsConfig: Body) => ({ NetworkingConfig: { EndpointsConfig } })
  await refused(networks({ a: {}, b: {} }), 501, no('several networks of one container (a, b)'))
  await refused(
    networks({ a: {}, b: {} }),
    400,
    'Container cannot be created with multiple network endpoints: a, b',
    '/v1.43',
  )
  const address = { IPAMConfig: { IPv4Address: '10.0.0.9' } }
  await refused(networks({ bridge: address }), 501, no('choosing an address on network bridge (--ip)'))
  await refused(networks({ bridge: { Aliases: ['x'] } }), 501, no('aliases on network bridge (--network-alias)'))
  await refused({ MacAddress: '02:42:ac:11:00:02' }, 501, no('choosing a MAC address (--mac-address)'))
  await refused(
    { HostConfig: { Init: true, OomScoreAdj: 5000 } },
    400,
    'Invalid value 5000, range for oom score adj is [-1000, 1000]',
  )
  await refused({ Image: 'nosuch', HostConfig: { Init: true } }, 404, 'No such image: nosuch:latest')
  await refused({ HostConfig: { PortBindings: { 'x/tcp': [{}] } } }, 400, 'invalid port specification: "x"')
  await refused(
    { HostConfig: { PortBindings: { '80': [{ HostPort: '99999' }] } } },
    400,
    'invalid port specification: "99999"',
  )
  assert.equal(engine.images.roots.size, 1)
})

test('paths to hide and to protect are taken as they are given, in a privileged container too', async (t) => {
  const { engine, made, specOf } = await creating(t)
  const pathsOf = async (hostConfig: Body) => {
    const id = await made({ HostConfig: { NetworkMode: 'none', ...hostConfig } })
    const { MaskedPaths, ReadonlyPaths } = (await engine.client.containerInspect(id)).HostConfig
    await engine.client.containerStart(id)
    const { maskedPaths, readonlyPaths } = specOf(id).linux ?? {}
    return { shown: [MaskedPaths, ReadonlyPaths], used: [maskedPaths, readonlyPaths] }
  }
  const own = { MaskedPaths: ['/proc/../proc/keys', '/x y'], ReadonlyPaths: ['/proc/sys/'] }
  const given = [own.MaskedPaths, own.ReadonlyPaths]
  assert.deepEqual(await pathsOf(own), { shown: given, used: given })
  assert.deepEqual(await pathsOf({ ...own, Privileged: true }), { shown: given, used: given })
  const none = { shown: [[], []], used: [undefined, undefined] }
  assert.deepEqual(await pathsOf({ MaskedPaths: [], ReadonlyPaths: [] }), none)
  assert.deepEqual(await pathsOf({ SecurityOpt: ['systempaths=unconfined'] }), none)
  assert.deepEqual(await pathsOf({ Privileged: true }), { shown: [null, null], used: [undefined, undefined] })
  const { shown, used } = await pathsOf({})
  assert.ok(shown[0]?.includes('/proc/kcore') && used[0]?.includes('/proc/kcore'))
})

test('inspect shows volumes, ports and mounts as the original does', async (t) => {
  const { engine, made } = await creating(t)
  const plain = await engine.client.containerInspect(await made({ Volumes: {}, ExposedPorts: {} }))
  assert.equal(plain.Config.Volumes, null)
  assert.equal('ExposedPorts' in plain.Config, false)
  const { CpuCount, CpuPercent, IOMaximumIOps, IOMaximumBandwidth } = plain.HostConfig
  assert.deepEqual([CpuCount, CpuPercent, IOMaximumIOps, IOMaximumBandwidth], [0, 0, 0, 0])
  const id = await made({
    Volumes: { '/anonymous': {} },
    ExposedPorts: { '80/tcp': {} },
    HostConfig: { Binds: ['named:/n'], Mounts: [{ Type: 'tmpfs', Target: '/shown' }], Tmpfs: { '/hidden': '' } },
  })
  const { Config, Mounts } = await engine.client.containerInspect(id)
  assert.deepEqual([Config.Volumes, Config.ExposedPorts], [{ '/anonymous': {} }, { '80/tcp': {} }])
  assert.deepEqual(
    Mounts.map(({ Type, Destination, Mode }) => [Type, Destination, Mode]),
    [
      ['volume', '/n', 'z'],
      ['tmpfs', '/shown', ''],
      ['volume', '/anonymous', ''],
    ],
  )
})

test('a volume that a mount makes has the labels and the driver of the mount', async (t) => {
  const { engine, made, refused } = await creating(t)
  const mount = { Type: 'volume', Source: 'labelled', Target: '/x', VolumeOptions: { Labels: { a: 'b' } } }
  await made({ HostConfig: { Mounts: [mount] } })
  assert.deepEqual((await engine.client.volumeInspect('labelled')).Labels, { a: 'b' })
  const unknown = 'create data: error looking up volume plugin nope: plugin "nope" not found'
  await refused({ HostConfig: { Binds: ['data:/x'], VolumeDriver: 'nope' } }, 404, unknown)
  const quoted = await engine.json('POST', '/volumes/create', { Name: 'a"b' })
  assert.match(
    JSON.parse(quoted.body).message,
    /^create a"b: "a\\"b" includes invalid characters for a local volume name/,
  )
})

const asRoot = process.getuid?.() === 0 ? false : 'needs root'

test('memory is shared by those who say so, and by them alone', { skip: asRoot }, async (t) => {
  const { engine, made, specOf } = await creating(t)
  const { client } = engine
  const network = { NetworkMode: 'none' }
  const shm = (id: string) => specOf(id).mounts?.find(({ destination }) => destination === '/dev/shm')
  const donor = await made({ HostConfig: { ...network, IpcMode: 'shareable', ShmSize: 1 << 20 } })
  const joiner = await made({ HostConfig: { ...network, IpcMode: `container:${donor}` } })
  await assert.rejects(client.containerStart(joiner), /can't join IPC of container \w+: container \w+ is not running/)
  await client.containerStart(donor)
  const memory = path.join(engine.directory, 'data/containers', donor, 'shm')
  const mountLine = () =>
    readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .find((line) => line.includes(` ${memory} `))
  assert.match(mountLine() ?? '', / rw,nosuid,nodev,noexec.* - tmpfs shm rw,size=1024k/)
  const bind = { destination: '/dev/shm', type: 'bind', source: memory, options: ['rbind', 'rprivate'] }
  assert.deepEqual(shm(donor), bind)
  await client.containerStart(joiner)
  assert.deepEqual(shm(joiner), bind)
  const namespace = specOf(joiner).linux?.namespaces?.find(({ type }) => type === 'ipc')
  assert.equal(namespace?.path, `/proc/${(await client.containerInspect(donor)).State.Pid}/ns/ipc`)
  await client.containerKill(donor)
  assert.equal(mountLine(), undefined)
  await client.containerStart(donor)
  await client.containerRemove(donor, { force: true })
  assert.deepEqual([mountLine(), existsSync(memory)], [undefined, false])
  const own = await made({ HostConfig: { ...network, IpcMode: 'private' } })
  await client.containerStart(own)
  assert.equal(shm(own)?.type, 'tmpfs')
  const other = await made({ HostConfig: { ...network, IpcMode: `container:${own}` } })
  const closed = /can't join IPC of container \w+: non-shareable IPC \(hint: use IpcMode:shareable for the donor/
  await assert.rejects(client.containerStart(other), closed)
  const alone = await made({ HostConfig: { ...network, IpcMode: 'none' } })
  await client.containerStart(alone)
  assert.equal(shm(alone), undefined)
  assert.deepEqual(
    specOf(alone).linux?.namespaces?.find(({ type }) => type === 'ipc'),
    { type: 'ipc' },
  )
})
