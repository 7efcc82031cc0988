// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import type { ContainerConfig, HostConfig } from '@teu/engine-api'
import { formatExactJson, type LinuxSeccomp, type Spec } from '@teu/oci-spec/runtime'
import { buildSpec, type SpecInput } from './build-spec.ts'
import { allCapabilities } from './capabilities.ts'
import type { HostDevice, HostFacts } from './host-facts.ts'
import { parseProfile } from './seccomp/parse-profile.ts'
import { lookUpUser } from './user.ts'

interface Recording {
  name: string
  config: ContainerConfig
  hostConfig: HostConfig
  spec: Spec
}

const recordings: Recording[] = readFileSync(new URL('testdata/dockerd-20.10.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Recording)

const files = {
  passwd: 'root:x:0:0:root:/root:/bin/sh\nal:x:1000:1000:Al:/home/al:/bin/sh\n',
  group: 'root:x:0:\nwheel:x:10:root\nal:x:1000:\ndialout:x:20:al,root\n',
}

const device = (path: string, type: 'c' | 'b', major: number, minor: number, fileMode: number): HostDevice => {
  return { path, type, major, minor, fileMode, uid: 0, gid: 0 }
}
const devices = [
  device('/dev/full', 'c', 1, 7, 0o666),
  device('/dev/fuse', 'c', 10, 229, 0o600),
  device('/dev/net/tun', 'c', 10, 200, 0o600),
  device('/dev/null', 'c', 1, 3, 0o666),
  device('/dev/vda', 'b', 254, 0, 0o600),
]

const everyLimit = {
  memory: true,
  swap: true,
  swappiness: true,
  oomKillDisable: true,
  pids: true,
  cpuShares: true,
  cpuQuota: true,
  cpuset: true,
  blkioWeight: true,
}

const host: HostFacts = {
  architecture: 'x64',
  // What docker 20.10 knew: the last three are younger.
  capabilities: allCapabilities.slice(0, 38),
  cgroupVersion: 1,
  cpus: 2,
  cpuset: { cpus: '0-1', mems: '0' },
  kernel: { major: 6, minor: 18 },
  appArmor: false,
  seccomp: true,
  recursiveReadOnly: false,
  limits: everyLimit,
  devicesAt(path) {
    const found = devices.filter((one) => one.path === path || (path === '/dev' && one))
    if (found.length === 0) throw new Error('no such file or directory')
    return found
  },
}

function inputOf({ config, hostConfig }: Pick<Recording, 'config' | 'hostConfig'>): SpecInput {
  return {
    id: 'ID'.repeat(32),
    config,
    hostConfig,
    user: lookUpUser(files, config.User ?? '', hostConfig.GroupAdd ?? []),
    network: { kind: hostConfig.NetworkMode === 'host' ? 'host' : 'new' },
    shmPath: hostConfig.IpcMode === 'shareable' ? '/container/mounts/shm' : undefined,
    files: { hostname: '/container/hostname', hosts: '/container/hosts', resolvConf: '/container/resolv.conf' },
    host,
  }
}

type Json = Record<string, unknown>

/** What dockerd writes and means nothing: zeros, and its own way of sharing the host's network. */
function meaning(spec: Spec): Json {
  const { linux = {}, process, ociVersion: _, ...rest } = structuredClone(spec)
  const { seccomp: __, resources = {}, namespaces = [], ...otherLinux } = linux
  const { memory, cpu, blockIO, devices: rules = [], ...other } = resources
  const dropEmpty = (value: object | undefined) =>
    Object.fromEntries(Object.entries(value ?? {}).filter(([, field]) => Boolean(field)))
  const limits = { memory: dropEmpty(memory), cpu: dropEmpty(cpu), blockIO: dropEmpty(blockIO) }
  return {
    ...rest,
    process: { ...process, user: { ...process?.user, additionalGids: new Set(process?.user.additionalGids) } },
    linux: {
      ...otherLinux,
      resources: {
        ...other,
        ...limits,
        devices: rules.map((rule) => Object.fromEntries(Object.entries(rule).filter(([, value]) => value !== -1))),
      },
      namespaces: new Set(namespaces.filter(({ path }) => !path?.endsWith('/netns/default')).map(({ type }) => type)),
    },
  }
}

for (const recording of recordings) {
  test(`${recording.name}: the spec is dockerd's`, () => {
    const built = buildSpec(inputOf(recording))
    assert.deepEqual(meaning(built), meaning(recording.spec))
    assert.equal(built.linux?.seccomp === undefined, ['priv', 'secopt'].includes(recording.name))
  })
}

const recorded = (name: string): LinuxSeccomp => {
  return recordings.find((recording) => recording.name === name)?.spec.linux?.seccomp as LinuxSeccomp
}
const built = (name: string): LinuxSeccomp => {
  return buildSpec(inputOf(recordings.find((recording) => recording.name === name) as Recording)).linux
    ?.seccomp as LinuxSeccomp
}
const allowed = (seccomp: LinuxSeccomp): Set<string> =>
  new Set(
    seccomp.syscalls?.filter(({ action, args }) => action === 'SCMP_ACT_ALLOW' && !args).flatMap(({ names }) => names),
  )

/** Allowed since 20.10: younger system calls, and those found harmless. */
const addedSince = `cachestat fchmodat2 futex_requeue futex_wait futex_wake getxattrat listmount listxattrat
  map_shadow_stack mseal name_to_handle_at pkey_alloc pkey_free pkey_mprotect process_vm_readv process_vm_writev
  removexattrat riscv_hwprobe setxattrat statmount uretprobe`.split(/\s+/)

test('the default filter is that of docker 20.10 with the changes since', () => {
  const [now, then] = [allowed(built('default')), allowed(recorded('default'))]
  assert.deepEqual([...now.difference(then)].sort(), addedSince)
  assert.deepEqual([...then.difference(now)].sort(), [
    'io_uring_enter',
    'io_uring_register',
    'io_uring_setup',
    'socket',
  ])
  assert.deepEqual(built('default').architectures, ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'])
  const rule = (name: string) => built('default').syscalls?.find(({ names }) => names.length === 1 && names[0] === name)
  assert.deepEqual(rule('clone3'), { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: 38 })
  assert.deepEqual(rule('clone')?.args, [{ index: 0, value: 0x7e020000, op: 'SCMP_CMP_MASKED_EQ' }])
})

test('capabilities open their calls and no others', () => {
  const added = allowed(built('capadd')).difference(allowed(built('default')))
  const addedThen = allowed(recorded('capadd')).difference(allowed(recorded('default')))
  const younger = ['lsm_get_self_attr', 'lsm_list_modules', 'lsm_set_self_attr']
  // Harmless by now, so it is among the default ones.
  assert.deepEqual(added, addedThen.difference(new Set(['name_to_handle_at'])).union(new Set(younger)))
  assert.equal(allowed(built('capdropall')).has('chroot'), false)
  assert.equal(allowed(built('default')).has('chroot'), true)
})

test('no socket of AF_ALG or AF_VSOCK', () => {
  const rules = built('default').syscalls?.filter(({ names }) => names.includes('socket')) ?? []
  const admits = (family: number) =>
    rules.some(({ args = [] }) =>
      args.every(({ op, value }) => (op === 'SCMP_CMP_LT' ? family < value : family === value)),
    )
  for (const family of [1, 2, 10, 16, 17]) assert.equal(admits(family), true, `family ${family}`)
  for (const family of [12, 38, 40]) assert.equal(admits(family), false, `family ${family}`)
})

test('what the request leaves out stays out, and the newest masks are there', () => {
  const { hostConfig, config } = recordings.find(({ name }) => name === 'default') as Recording
  const { MaskedPaths: _, ...open } = hostConfig
  const spec = buildSpec(inputOf({ config, hostConfig: open }))
  assert.ok(spec.linux?.maskedPaths?.includes('/proc/interrupts'))
  assert.ok(spec.linux?.maskedPaths?.includes('/sys/devices/virtual/powercap'))
  assert.ok(spec.linux?.maskedPaths?.includes('/sys/devices/system/cpu/cpu1/thermal_throttle'))
  assert.equal(spec.linux?.resources?.memory, undefined)
  assert.equal(spec.linux?.cgroupsPath, `/teu/${'ID'.repeat(32)}`)
})

test('read-only binds are so for all mounts below them where the kernel can', () => {
  const input = inputOf({ config: { Cmd: ['x'] }, hostConfig: { Binds: ['/v:/a:ro'] } })
  const mount = buildSpec({ ...input, host: { ...host, recursiveReadOnly: true } }).mounts?.find(
    ({ destination }) => destination === '/a',
  )
  assert.deepEqual(mount?.options, ['rbind', 'rro', 'rprivate'])
})

test("a request's mount takes the place of ours", () => {
  const hostConfig = { Binds: ['/h:/etc/hosts', '/shm:/dev/shm'] }
  const { mounts = [] } = buildSpec(inputOf({ config: { Cmd: ['x'] }, hostConfig }))
  assert.equal(mounts.filter(({ destination }) => destination === '/etc/hosts').length, 1)
  assert.equal(mounts.find(({ destination }) => destination === '/dev/shm')?.source, '/shm')
})

test('a cgroup parent cannot lead out of the hierarchy, and a namespace joins only what it is given', () => {
  const config = { Cmd: ['x'] }
  const spec = buildSpec(inputOf({ config, hostConfig: { CgroupParent: '../../x' } }))
  assert.equal(spec.linux?.cgroupsPath, `/x/${'ID'.repeat(32)}`)
  assert.throws(() => buildSpec(inputOf({ config, hostConfig: { PidMode: 'container:y' } })), {
    code: 'failed-precondition',
  })
  const joined = buildSpec({ ...inputOf({ config, hostConfig: {} }), pid: { kind: 'path', path: '/proc/7/ns/pid' } })
  assert.deepEqual(
    joined.linux?.namespaces?.find(({ type }) => type === 'pid'),
    { type: 'pid', path: '/proc/7/ns/pid' },
  )
})

test('a limit that the kernel cannot hold is left out', () => {
  const input = inputOf({ config: { Cmd: ['x'] }, hostConfig: { Memory: 64 << 20, MemorySwap: 128 << 20 } })
  const limits = { ...everyLimit, swap: false }
  const { memory } = buildSpec({ ...input, host: { ...host, limits } }).linux?.resources ?? {}
  assert.deepEqual(memory, { limit: 64 << 20, swap: -1 })
})

test('no limit is written with all its digits, as every runtime reads it', () => {
  const Ulimits = [{ Name: 'core', Soft: 0, Hard: -1 }]
  const { process } = buildSpec(inputOf({ config: { Cmd: ['x'] }, hostConfig: { Ulimits } }))
  const written = '[{"type":"RLIMIT_CORE","hard":18446744073709551615,"soft":0}]'
  assert.equal(formatExactJson(process?.rlimits), written)
})

test('a profile of one’s own keeps operands of 64 bits', () => {
  const text = '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["ioctl"],"action":"SCMP_ACT_ERRNO",'
  const profile = parseProfile(`${text}"args":[{"index":1,"op":"SCMP_CMP_EQ","value":18446744069414584321}]}]}`)
  assert.equal(profile.syscalls[0]?.args?.[0]?.value, 18446744069414584321n)
})
