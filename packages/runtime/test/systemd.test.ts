// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { detectCgroups } from '@teu/linux'
import { createRuntime } from '@teu/runtime'
import { SystemdCgroup } from '../src/cgroups/systemd-cgroup.ts'
import { FakeSystemd, withoutBus } from './kit/fake-systemd.ts'
import { programArguments } from './kit/program.ts'
import { rooted } from './kit/root.ts'
import { Workshop } from './kit/workshop.ts'

const onBus = { ...rooted, skip: rooted.skip || withoutBus }
const limits = {
  memory: { limit: 64 << 20 },
  cpu: { shares: 512, quota: 25_500, period: 100_000, cpus: '0' },
  pids: { limit: 17 },
}

test('a container is a scope that systemd makes, changes and removes', onBus, async () => {
  await using place = new Place()
  await using systemd = await place.start()
  const { workshop, slice } = place
  const runtime = createRuntime({ root: workshop.root, cgroupDriver: 'systemd' })
  const bundle = workshop.bundle(['sleep', '1000'], (spec) => {
    spec.linux.cgroupsPath = `${slice}:test:c`
    spec.linux.resources = { ...limits, devices: [{ allow: true, type: 'c', major: 10, minor: 229, access: 'rw' }] }
  })
  const { pid } = await runtime.create('c', { bundle, stdio: ['ignore', 'ignore', 'ignore'] })
  await runtime.start('c')
  assert.match(readFileSync(`/proc/${pid}/cgroup`, 'utf8'), new RegExp(`/${slice}/test-c\\.scope$`, 'm'))
  const unified = detectCgroups().mode === 'v2'
  const [start, set] = systemd.calls
  assert.deepEqual(start, {
    member: 'StartTransientUnit',
    unit: 'test-c.scope',
    properties: {
      Description: 'teu container c',
      Slice: slice,
      Delegate: true,
      MemoryAccounting: true,
      CPUAccounting: true,
      [unified ? 'IOAccounting' : 'BlockIOAccounting']: true,
      TasksAccounting: true,
      DefaultDependencies: false,
      PIDs: [pid],
    },
  })
  const { DeviceAllow, DevicePolicy, ...others } = set?.properties ?? {}
  assert.equal(DevicePolicy, 'strict')
  const allowed = Object.fromEntries(DeviceAllow as [string, string][])
  assert.equal(allowed['/dev/char/10:229'], 'rw')
  assert.equal(allowed['/dev/char/1:3'], 'rwm')
  assert.equal(allowed['char-pts'], 'rwm')
  assert.equal(allowed['block-*'], 'm')
  assert.deepEqual(others, {
    ...(unified ? { MemoryMax: 67_108_864n, CPUWeight: 20n } : { MemoryLimit: 67_108_864n, CPUShares: 512n }),
    CPUQuotaPeriodUSec: 100_000n,
    // 25.5 % of a processor, rounded up to a whole percent.
    CPUQuotaPerSecUSec: 260_000n,
    TasksMax: 17n,
    AllowedCPUs: Uint8Array.of(1),
  })
  assert.equal((await runtime.stats('c')).pids.limit, 17n)

  await runtime.update('c', { pids: { limit: -1 } })
  assert.deepEqual(systemd.calls.at(-1)?.properties, { TasksMax: 0xffff_ffff_ffff_ffffn })
  assert.equal((await runtime.stats('c')).pids.limit, 0n)
  await runtime.pause('c')
  assert.equal((await runtime.state('c')).status, 'paused')
  await runtime.delete('c', { force: true })
  assert.ok(systemd.members.includes('StopUnit'))
})

test('the program takes the driver from its command line', onBus, async () => {
  await using place = new Place()
  await using systemd = await place.start()
  const { workshop, slice } = place
  const bundle = workshop.bundle(['cat', '/proc/self/cgroup'], (spec) => {
    spec.linux.cgroupsPath = `${slice}::`
    spec.linux.namespaces = spec.linux.namespaces?.filter(({ type }) => type !== 'cgroup') ?? []
  })
  for (const option of ['--systemd-cgroup', '--cgroup-manager=systemd']) {
    // Not synchronously: systemd is this process.
    const args = [...programArguments, '--root', workshop.root, option, 'run', '--bundle', bundle, 'd']
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args)
    assert.equal(stderr, '')
    assert.match(stdout, new RegExp(`/${slice}/teu-d\\.scope$`, 'm'))
  }
  assert.deepEqual(
    systemd.members.filter((member) => member.endsWith('Unit')),
    ['StartTransientUnit', 'StopUnit', 'ResetFailedUnit', 'StartTransientUnit', 'StopUnit', 'ResetFailedUnit'],
  )
})

test('what is left of a failed unit is cleared away once', onBus, async () => {
  await using place = new Place()
  await using systemd = await place.start()
  systemd.failures.push('UnitExists')
  await place.run()
  assert.deepEqual(systemd.members.slice(0, 2), ['ResetFailedUnit', 'StartTransientUnit'])
  systemd.failures.push('UnitExists', 'NoSuchUnit', 'UnitExists')
  await assert.rejects(place.run(), /unable to start unit "test-c\.scope": UnitExists/)
})

test('a unit that cannot be made is an error of create, and leaves nothing', onBus, async () => {
  await using place = new Place()
  await using systemd = await place.start()
  systemd.jobResult = 'failed'
  await assert.rejects(place.run(), /error creating systemd unit "test-c\.scope": got "failed"/)
  assert.deepEqual(systemd.members, ['StartTransientUnit', 'ResetFailedUnit'])
})

test('a path of another form, and a machine without systemd, are refused', onBus, async () => {
  await using place = new Place()
  const previous = process.env.DBUS_SYSTEM_BUS_ADDRESS
  process.env.DBUS_SYSTEM_BUS_ADDRESS = `unix:path=${place.workshop.directory}/nobody`
  try {
    await assert.rejects(place.run(), {
      code: 'failed-precondition',
      message: 'systemd cgroup flag passed, but systemd support for managing cgroups is not available',
    })
  } finally {
    restore('DBUS_SYSTEM_BUS_ADDRESS', previous)
  }
  for (const path of ['/a/b', 'a:b', 'a.slice:b:c:d', 'a.slice:b:../c']) {
    await assert.rejects(
      place.run(path),
      /expected cgroupsPath to be of format "slice:prefix:name" for systemd cgroups, got/,
    )
  }
  await assert.rejects(place.run('a--b.slice:b:c'), /invalid slice name: a--b\.slice/)
})

test("a user's systemd is reached over the bus of the session, and its units lie below it", onBus, async () => {
  await using place = new Place()
  const mountPoint = join(place.workshop.directory, 'cgroup')
  const controlGroup = '/user.slice/user-1000.slice/user@1000.service'
  const folder = join(mountPoint, controlGroup, 'a.slice/a-b.slice/test-c.scope')
  await using systemd = await FakeSystemd.start({
    directory: place.workshop.directory,
    controlGroup,
    folders: () => {
      mkdirSync(folder, { recursive: true })
      for (const file of ['cgroup.procs', 'pids.max', 'cgroup.controllers']) writeFileSync(join(folder, file), '')
      return []
    },
  })
  const previous = process.env.DBUS_SESSION_BUS_ADDRESS
  process.env.DBUS_SESSION_BUS_ADDRESS = systemd.address
  try {
    const unified = { mountPoint, root: '/', own: '/', controllers: [] }
    const setup = { mode: 'v2', hierarchies: [], unified } as const
    const cgroup = await SystemdCgroup.plan('c', 'a-b.slice:test:c', setup, true)
    assert.deepEqual(cgroup.paths, { '': folder })
    await cgroup.create()
    await cgroup.apply({ pids: { limit: 5 } })
    assert.deepEqual(systemd.members, [], 'nothing is made before there is a process')
    await cgroup.join(process.pid)
    assert.deepEqual(systemd.members, ['StartTransientUnit', 'SetUnitProperties'])
    assert.equal(systemd.calls[0]?.properties.Slice, 'a-b.slice')
    assert.equal(readFileSync(join(folder, 'pids.max'), 'utf8'), '5')
    assert.equal(readFileSync(join(folder, 'cgroup.procs'), 'utf8'), String(process.pid))
    const defaults = await SystemdCgroup.plan('c', undefined, setup, true)
    assert.deepEqual(defaults.paths, { '': join(mountPoint, controlGroup, 'user.slice/teu-c.scope') })
    assert.deepEqual(systemd.members.length, 2)
  } finally {
    restore('DBUS_SESSION_BUS_ADDRESS', previous)
    await stop(systemd)
  }
})

async function stop(systemd: FakeSystemd): Promise<void> {
  const { SystemdManager } = await import('../src/systemd/systemd-manager.ts')
  process.env.DBUS_SESSION_BUS_ADDRESS = systemd.address
  using manager = await SystemdManager.connect(true)
  await manager.stopUnit('test-c.scope')
  delete process.env.DBUS_SESSION_BUS_ADDRESS
}

function restore(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name]
  else process.env[name] = value
}

/** A workshop with a slice of its own, whose folders are gone at the end. */
class Place implements AsyncDisposable {
  readonly workshop = new Workshop()
  readonly slice = `teutest${randomBytes(4).toString('hex')}.slice`
  readonly #previous = process.env.DBUS_SYSTEM_BUS_ADDRESS

  async start(): Promise<FakeSystemd> {
    const { mode, hierarchies, unified } = detectCgroups()
    const own = hierarchies.find(({ controllers }) => controllers.includes('name=systemd'))
    const mountPoint = mode === 'v2' ? unified?.mountPoint : own?.mountPoint
    const systemd = await FakeSystemd.start({
      directory: this.workshop.directory,
      folders: (unit, slice) => [join(mountPoint as string, slice, unit)],
    })
    process.env.DBUS_SYSTEM_BUS_ADDRESS = systemd.address
    return systemd
  }

  async run(cgroupsPath = `${this.slice}:test:c`): Promise<void> {
    const { workshop } = this
    const runtime = createRuntime({ root: workshop.root, cgroupDriver: 'systemd' })
    const bundle = workshop.bundle(['true'], (spec) => {
      spec.linux.cgroupsPath = cgroupsPath
    })
    const { exited } = await runtime.create('c', { bundle, stdio: ['ignore', 'ignore', 'ignore'] })
    await runtime.start('c')
    assert.deepEqual(await exited, { exitCode: 0 })
    await runtime.delete('c')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    restore('DBUS_SYSTEM_BUS_ADDRESS', this.#previous)
    await this.workshop[Symbol.asyncDispose]()
    const { hierarchies, unified } = detectCgroups()
    for (const { mountPoint } of [...hierarchies, ...(unified ? [unified] : [])]) {
      const folder = join(mountPoint, this.slice)
      // Throws when a unit is left in it.
      if (existsSync(folder)) rmdirSync(folder)
    }
  }
}
