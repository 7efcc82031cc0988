// SPDX-License-Identifier: Apache-2.0
// Every property that the specification has for Linux, up to 1.3: known to the validator, and then either carried out,
// which shows in that something reads it, or refused by name. None is passed over.
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createCgroupManager } from '@teu/linux'
import { type Spec, validateSpec } from '@teu/oci-spec/runtime'
import { compileCreate } from '../program/compile-create.ts'
import { compileSeccomp } from '../seccomp/compile.ts'
import { capabilityMasks } from './capabilities.ts'
import { type ContainerSpec, checkSpec } from './check-spec.ts'

const mapping = [{ containerID: 0, hostID: 100_000, size: 65_536 }]
const throttled = [{ major: 8, minor: 0, rate: 1 }]
const hook = [{ path: '/bin/true', args: ['true'], env: ['A=b'], timeout: 5 }]
const names = ['CAP_KILL']

/** One of each. */
const everything = {
  ociVersion: '1.3.0',
  hostname: 'h',
  domainname: 'd',
  root: { path: 'rootfs', readonly: true },
  annotations: { KEY: 'x' },
  mounts: [
    { destination: '/d', type: 'bind', source: '/s', options: ['bind'], uidMappings: mapping, gidMappings: mapping },
  ],
  hooks: {
    prestart: hook,
    createRuntime: hook,
    createContainer: hook,
    startContainer: hook,
    poststart: hook,
    poststop: hook,
  },
  process: {
    terminal: false,
    consoleSize: { height: 1, width: 2 },
    cwd: '/',
    env: ['A=b'],
    args: ['true'],
    rlimits: [{ type: 'RLIMIT_CORE', soft: 1, hard: 2 }],
    noNewPrivileges: true,
    oomScoreAdj: 7,
    apparmorProfile: 'p',
    selinuxLabel: 'l',
    user: { uid: 1, gid: 1, umask: 0o27, additionalGids: [2] },
    capabilities: { bounding: names, effective: names, inheritable: names, permitted: names, ambient: names },
    scheduler: {
      ...{ policy: 'SCHED_DEADLINE', nice: 1, priority: 1, flags: ['SCHED_FLAG_RESET_ON_FORK'] },
      ...{ runtime: 1, deadline: 2, period: 3 },
    },
    ioPriority: { class: 'IOPRIO_CLASS_BE', priority: 4 },
    execCPUAffinity: { initial: '0', final: '0' },
  },
  linux: {
    namespaces: [
      { type: 'ipc', path: '/dev/null' },
      ...['mount', 'pid', 'network', 'uts', 'user', 'cgroup', 'time'].map((type) => ({ type })),
    ],
    uidMappings: mapping,
    gidMappings: mapping,
    timeOffsets: { monotonic: { secs: 1, nanosecs: 2 }, boottime: { secs: 1, nanosecs: 2 } },
    devices: [{ type: 'c', path: '/dev/x', major: 1, minor: 3, fileMode: 0o600, uid: 0, gid: 0 }],
    netDevices: { KEY: { name: 'x' } },
    cgroupsPath: '/c',
    rootfsPropagation: 'private',
    maskedPaths: ['/m'],
    readonlyPaths: ['/r'],
    mountLabel: 'l',
    sysctl: { 'net.core.somaxconn': '1' },
    personality: { domain: 'LINUX', flags: [] as string[] },
    seccomp: {
      defaultAction: 'SCMP_ACT_ERRNO',
      defaultErrnoRet: 38,
      architectures: ['SCMP_ARCH_X86_64'],
      flags: ['SECCOMP_FILTER_FLAG_LOG'],
      listenerPath: '/l',
      listenerMetadata: 'm',
      syscalls: [
        {
          ...{ names: ['ioctl'], action: 'SCMP_ACT_ERRNO', errnoRet: 1 },
          args: [{ index: 0, value: 1, valueTwo: 1, op: 'SCMP_CMP_MASKED_EQ' }],
        },
      ],
    },
    intelRdt: { closID: 'c', schemata: ['s'], l3CacheSchema: 'l', memBwSchema: 'm', enableMonitoring: true },
    memoryPolicy: { mode: 'MPOL_BIND', nodes: '0', flags: ['MPOL_F_STATIC_NODES'] },
    resources: {
      devices: [{ allow: true, type: 'c', major: 1, minor: 3, access: 'rwm' }],
      memory: {
        ...{ limit: 1, reservation: 1, swap: 2, kernel: 1, kernelTCP: 1, swappiness: 1 },
        ...{ disableOOMKiller: true, useHierarchy: true, checkBeforeUpdate: true },
      },
      cpu: {
        ...{ shares: 2, quota: 1, burst: 1, period: 1, realtimeRuntime: 1, realtimePeriod: 1 },
        ...{ cpus: '0', mems: '0', idle: 1 },
      },
      pids: { limit: 1 },
      blockIO: {
        weight: 10,
        leafWeight: 10,
        weightDevice: [{ major: 8, minor: 0, weight: 10, leafWeight: 10 }],
        throttleReadBpsDevice: throttled,
        throttleWriteBpsDevice: throttled,
        throttleReadIOPSDevice: throttled,
        throttleWriteIOPSDevice: throttled,
      },
      hugepageLimits: [{ pageSize: '2MB', limit: 1 }],
      network: { classID: 1, priorities: [{ name: 'lo', priority: 1 }] },
      rdma: { KEY: { hcaHandles: 1, hcaObjects: 1 } },
      unified: { 'memory.high': '1' },
    },
  },
}

/** Not offered: the error names them. */
const refused = ['linux.netDevices', 'linux.intelRdt', 'linux.memoryPolicy', 'linux.mountLabel']

/** What this machine may lack, or what goes with another policy of the scheduler. */
const notHere = ['process.selinuxLabel', 'process.scheduler.nice', 'process.scheduler.priority']

/** What nothing here reads has its own test, with a real container. */
const elsewhere: Record<string, string> = {
  ociVersion: 'command-line',
  annotations: 'hooks',
  'root.path': 'hostile-image',
  'hooks.prestart': 'hooks',
  'hooks.createRuntime': 'hooks',
  'hooks.poststart': 'hooks',
  'hooks.poststop': 'hooks',
  'process.terminal': 'terminal',
  'process.consoleSize': 'terminal',
  'process.execCPUAffinity': 'scheduling',
  'linux.cgroupsPath': 'cgroup',
  'linux.uidMappings': 'namespaces',
  'linux.gidMappings': 'namespaces',
  'linux.timeOffsets': 'namespaces',
  'linux.seccomp.listenerPath': 'seccomp-notify',
  'linux.seccomp.listenerMetadata': 'seccomp-notify',
}

/** Not there in Linux any more, or always so: accepted, as the original accepts them. */
const meaningless = ['linux.resources.memory.kernel', 'linux.resources.memory.useHierarchy']

test('each has its type', () => {
  let count = 0
  for (const path of leavesOf(everything)) {
    const spec = copyOf(everything)
    replace(spec, path.split('/'), { no: 'such type' })
    const at = path
      .replace(/\/(\d+)/g, '[$1]')
      .replace(/\[\d+\]$/, '')
      .replaceAll('/', '.')
    assert.throws(
      () => validateSpec(spec),
      (error: Error) => error.message.replaceAll('"', '').startsWith(at),
      path,
    )
    count++
  }
  assert.ok(count >= 179, `${count} properties`)
})

test('each is refused by its name, or read by what carries it out', async () => {
  for (const path of refused) {
    const [section = '', name = ''] = path.split('.')
    const spec = supported()
    const part = (everything as unknown as Record<string, Record<string, unknown>>)[section] as Record<string, unknown>
    Object.assign((spec as unknown as Record<string, object>)[section] as object, { [name]: part[name] })
    assert.throws(() => checkSpec(validateSpec(spec)), { code: 'not-implemented', message: new RegExp(`^${path}: `) })
  }
  const read = new Set<string>()
  const spec = recording(validateSpec(supported()), '', read)
  compile(spec)
  await applyEach(spec)
  const missed = leavesOf(supported()).filter((path) => {
    const property = path.replace(/\/\d+/g, '').replaceAll('/', '.')
    return (
      !read.has(path) && !meaningless.includes(property) && !Object.keys(elsewhere).some((key) => within(property, key))
    )
  })
  assert.deepEqual(missed, [])
})

test('what carries out the others is tested', () => {
  for (const [path, name] of Object.entries(elsewhere)) {
    const file = join(import.meta.dirname, `../../test/${name}.test.ts`)
    assert.ok(existsSync(file), file)
    assert.ok(readFileSync(file, 'utf8').includes(path.split('.').at(-1) as string), `${path} in ${name}`)
  }
})

/** All but what is refused, and what this machine may not have. */
function supported(): Spec {
  const spec = copyOf(everything)
  for (const path of [...refused, ...notHere]) {
    const keys = path.split('.')
    const last = keys.pop() as string
    delete (keys.reduce((part, key) => part[key] as Record<string, unknown>, spec) as Record<string, unknown>)[last]
  }
  return spec as unknown as Spec
}

function compile(spec: Spec): void {
  checkSpec(spec)
  const { seccomp } = spec.linux ?? {}
  const { capabilities } = spec.process ?? {}
  const privileged = { privileged: true, hasKcore: false, ownOomScore: 0, extraFds: 0, setGroups: true }
  compileCreate({
    ...{ id: 'c', spec: spec as ContainerSpec, bundle: '/b', rootfs: '/b/rootfs', fifo: '/f' },
    ...{ noPivot: false, noNewKeyring: false, addedEnvironment: [], ...privileged },
    state: { ociVersion: '1.3.0', id: 'c', status: 'creating', pid: 0, bundle: '/b' },
    cgroups: { mode: 'hybrid', hierarchies: [] },
    cgroupPaths: {},
    capabilities: capabilityMasks(capabilities, 40, () => {}),
    ...(seccomp && { seccomp: compileSeccomp(seccomp, 'x64') }),
  })
}

/** Limits go into files of which there are none here, so that each alone is tried. */
async function applyEach(spec: Spec): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'teu-every-property-'))
  const controllers = ['devices', 'memory', 'cpu', 'cpuset', 'pids', 'blkio', 'hugetlb', 'net_cls', 'net_prio', 'rdma']
  const paths = Object.fromEntries(controllers.map((name) => [name, folder]))
  // Or the one before it is all that is tried.
  writeFileSync(join(folder, 'blkio.weight_device'), '')
  const [v1, v2] = [createCgroupManager({ paths }), createCgroupManager({ paths: { '': folder } })]
  const { resources = {} } = spec.linux ?? {}
  for (const [name, part] of Object.entries(resources)) {
    const parts =
      Array.isArray(part) || typeof part !== 'object' ? [part] : Object.keys(part).map((key) => only(part, key))
    for (const each of [...parts, part]) await v1.apply({ [name]: each }).catch(() => {})
    await v2.apply({ [name]: part }).catch(() => {})
  }
  rmSync(folder, { recursive: true })
}

/** An object with one of its properties, which is still the recording one. */
function only(value: object, key: string): object {
  return Object.defineProperty({}, key, { get: () => (value as Record<string, unknown>)[key], enumerable: true })
}

/** Notes what is read, by path. */
function recording<T extends object>(value: T, path: string, read: Set<string>): T {
  return new Proxy(value, {
    get(target, key, receiver) {
      const found = Reflect.get(target, key, receiver)
      if (typeof key === 'symbol' || !Object.hasOwn(target, key)) return found
      const below = path === '' ? key : `${path}/${key}`
      read.add(below)
      return typeof found === 'object' && found !== null ? recording(found, below, read) : found
    },
  })
}

/** The paths of all values that are no objects, and of lists of such. */
function leavesOf(value: object, path = ''): string[] {
  return Object.entries(value).flatMap(([key, item]) => {
    const below = path === '' ? key : `${path}/${key}`
    const isLeaf = typeof item !== 'object' || (Array.isArray(item) && typeof item[0] !== 'object')
    return isLeaf ? [below] : leavesOf(item, below)
  })
}

/** With nothing shared among its parts. */
function copyOf(value: object): Record<string, unknown> {
  return JSON.parse(JSON.stringify(value))
}

function within(path: string, key: string): boolean {
  return path === key || path.startsWith(`${key}.`)
}

function replace(target: Record<string, unknown>, [key = '', ...rest]: string[], value: unknown): void {
  if (rest.length === 0) target[key] = value
  else replace(target[key] as Record<string, unknown>, rest, value)
}
