// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CgroupSetup } from '@teu/linux'
import type { ContainerSpec } from '../spec/check-spec.ts'
import { defaultSpec } from '../spec/default-spec.ts'
import { type CreateContext, compileCreate } from './compile-create.ts'
import { encodeProgram, type Step } from './program.ts'

const cgroups: CgroupSetup = {
  mode: 'hybrid',
  hierarchies: [
    { controllers: ['cpu', 'cpuacct'], mountPoint: '/sys/fs/cgroup/cpu,cpuacct', root: '/', own: '/' },
    { controllers: ['name=systemd'], mountPoint: '/sys/fs/cgroup/systemd', root: '/', own: '/' },
  ],
}

function context(change: (spec: ContainerSpec) => void = () => {}, extra: Partial<CreateContext> = {}): CreateContext {
  const spec = defaultSpec() as ContainerSpec
  spec.process.terminal = false
  change(spec)
  return {
    id: 'c',
    spec,
    bundle: '/b',
    rootfs: '/b/rootfs',
    state: { ociVersion: '1.3.0', id: 'c', status: 'creating', pid: 0, bundle: '/b' },
    fifo: '/run/c/exec.fifo',
    noPivot: false,
    noNewKeyring: false,
    cgroups,
    cgroupPaths: { cpu: '/sys/fs/cgroup/cpu,cpuacct/c', 'name=systemd': '/sys/fs/cgroup/systemd/c' },
    capabilities: { bounding: 1n, effective: 2n, permitted: 3n, inheritable: 4n, ambient: 5n },
    privileged: true,
    hasKcore: false,
    ownOomScore: 0,
    extraFds: 0,
    addedEnvironment: [],
    setGroups: true,
    ...extra,
  }
}

const kinds = (steps: readonly Step[]) => steps.map(({ kind }) => kind)
const find = <K extends Step['kind']>(steps: readonly Step[], kind: K) =>
  steps.filter((step): step is Extract<Step, { kind: K }> => step.kind === kind)

test('the default container is this program', () => {
  const steps = compileCreate(context())
  assert.deepEqual(kinds(steps), [
    'open',
    'unshare',
    'spawn',
    'unshare',
    'new-session',
    'keyring',
    'loopback',
    'host-propagation',
    'root',
    ...Array<string>(6).fill('mount'),
    // The cgroup tree: a tmpfs, two hierarchies, links for the merged one, then read-only.
    'mount',
    'mount',
    'symlink',
    'symlink',
    'mount',
    'remount',
    ...Array<string>(6).fill('device'),
    ...Array<string>(5).fill('symlink'),
    'directory',
    'umask',
    'hostname',
    ...Array<string>(5).fill('readonly-path'),
    ...Array<string>(12).fill('mask'),
    'root-flags',
    'pivot',
    'close-procfs',
    'limit',
    'no-new-privileges',
    'bounding',
    'working-directory',
    'standard-streams',
    'user',
    'working-directory',
    'capabilities',
    'environment',
    'home',
    'lookup',
    'ready',
    'await-start',
    'execute',
  ])
  assert.deepEqual(find(steps, 'unshare'), [
    { kind: 'unshare', flags: 0x2000_0000 | 0x4000_0000 | 0x0800_0000 | 0x0400_0000 | 0x0002_0000 },
    { kind: 'unshare', flags: 0x0200_0000 },
  ])
  assert.deepEqual(find(steps, 'mount')[0], {
    kind: 'mount',
    destination: '/proc',
    source: 'proc',
    type: 'proc',
    flags: 0,
    data: '',
    propagation: [],
    options: 1,
    copyUp: 0,
  })
  assert.deepEqual(find(steps, 'execute'), [{ kind: 'execute', args: ['sh'], extra: 0 }])
  assert.ok(encodeProgram(steps).length > 1000)
})

test('everything of the host is done before the spawn, and nothing of the container', () => {
  const steps = compileCreate(
    context(
      (spec) => {
        spec.linux?.namespaces?.push({ type: 'user' })
        Object.assign(spec.linux ?? {}, {
          uidMappings: [{ containerID: 0, hostID: 1000, size: 1 }],
          gidMappings: [{ containerID: 0, hostID: 1000, size: 1 }],
        })
        spec.process.oomScoreAdj = 100
        spec.mounts?.push({ destination: '/data', type: 'bind', source: 'data', options: ['rbind'] })
      },
      { consoleSocket: '/run/console' },
    ),
  )
  assert.deepEqual(kinds(steps).slice(0, kinds(steps).indexOf('spawn')), [
    'oom-score',
    'open',
    'connect',
    'raise-limit',
    'open-tree',
    'new-user',
    'unshare',
  ])
  assert.deepEqual(find(steps, 'open-tree'), [{ kind: 'open-tree', slot: 32, path: '/b/data', recursive: 1 }])
  assert.equal(find(steps, 'bind')[0]?.slot, 32)
  assert.ok(find(steps, 'device').every(({ bind }) => bind === 1))
})

test('who is not root opens the sources of binds in its own user namespace', () => {
  const steps = compileCreate(
    context(
      (spec) => {
        spec.linux?.namespaces?.push({ type: 'user' })
        spec.mounts?.push({ destination: '/data', type: 'bind', source: '/data', options: ['bind'] })
      },
      { privileged: false },
    ),
  )
  assert.equal(find(steps, 'open-tree').length, 0)
  assert.equal(find(steps, 'bind')[0]?.slot, -1)
})

test('namespaces with a path are opened first and then joined, the mount namespace last', () => {
  const steps = compileCreate(
    context((spec) => {
      spec.linux = {
        ...spec.linux,
        namespaces: [{ type: 'mount', path: '/ns/mnt' }, { type: 'network', path: '/ns/net' }, { type: 'ipc' }],
      }
      delete spec.hostname
    }),
  )
  assert.deepEqual(kinds(steps).slice(0, 7), ['open', 'open', 'open', 'join', 'join', 'unshare', 'spawn'])
  assert.deepEqual(
    find(steps, 'open').map(({ path }) => path),
    ['/run/c/exec.fifo', '/ns/net', '/ns/mnt'],
  )
  assert.deepEqual(find(steps, 'unshare'), [{ kind: 'unshare', flags: 0x0800_0000 }])
  assert.equal(find(steps, 'loopback').length, 0)
})

test('a seccomp filter comes before the user is changed, or last with no_new_privs', () => {
  const seccomp = { filter: new Uint8Array(8), flags: 0 }
  const order = (noNewPrivileges: boolean) => {
    const all = kinds(
      compileCreate(
        context(
          (spec) => {
            spec.process.noNewPrivileges = noNewPrivileges
          },
          { seccomp },
        ),
      ),
    )
    return [all.indexOf('seccomp'), all.indexOf('user'), all.indexOf('await-start'), all.indexOf('execute')] as const
  }
  const [early, user] = order(false)
  assert.ok(early > 0 && early < user)
  const [late, , start, execute] = order(true)
  assert.ok(start < late && late < execute)
})

test('hooks stand where the specification has them', () => {
  const steps = compileCreate(
    context((spec) => {
      spec.hooks = {
        prestart: [{ path: '/p' }],
        createContainer: [{ path: '/cc', args: ['cc', 'x'], env: ['A=b'], timeout: 3 }],
        startContainer: [{ path: '/sc' }],
        poststart: [{ path: '/ps' }],
      }
    }),
  )
  const all = kinds(steps)
  assert.ok(all.lastIndexOf('device') < all.indexOf('runtime-hooks'))
  assert.ok(all.indexOf('runtime-hooks') < all.indexOf('hook'))
  assert.ok(all.indexOf('hook') < all.indexOf('pivot'))
  assert.ok(all.indexOf('await-start') < all.lastIndexOf('hook'))
  assert.deepEqual(find(steps, 'hook')[0], {
    kind: 'hook',
    path: '/cc',
    args: ['cc', 'x'],
    env: ['A=b'],
    options: 1,
    timeoutMilliseconds: 3000,
    statePrefix: '{"ociVersion":"1.3.0","id":"c","status":"creating","pid":',
    stateSuffix: ',"bundle":"/b"}',
  })
  const [, start] = find(steps, 'hook')
  assert.deepEqual([start?.path, start?.env, start?.options], ['/sc', context().spec.process.env, 2])
  assert.equal(find(steps, 'hook').length, 2)
})

test('no procfs is open when init says that it is ready, and none of the host in a joined pid namespace', () => {
  for (const path of [undefined, '/proc/9/ns/pid']) {
    const all = kinds(
      compileCreate(
        context((spec) => {
          spec.linux = { ...spec.linux, namespaces: [{ type: 'mount' }, { type: 'pid', ...(path && { path }) }] }
          spec.process.apparmorProfile = 'profile'
          spec.process.selinuxLabel = 'label'
          delete spec.hostname
        }),
      ),
    )
    const start = all.indexOf('spawn') + 1
    assert.deepEqual(
      all.slice(start, start + 3),
      [...(path ? ['own-procfs'] : []), 'label', 'label', 'new-session'].slice(0, 3),
    )
    assert.ok(all.indexOf('close-procfs') > all.indexOf('pivot'))
    assert.ok(all.indexOf('close-procfs') < all.indexOf('ready'))
  }
})

test('a /dev that is bound from elsewhere is left alone', () => {
  const steps = compileCreate(
    context((spec) => {
      spec.mounts = [{ destination: '/dev/', type: 'bind', source: '/dev', options: ['rbind'] }]
    }),
  )
  assert.equal(find(steps, 'device').length, 0)
})

test('a read-only /dev is made so after the devices are there', () => {
  const steps = compileCreate(
    context((spec) => {
      spec.mounts = [{ destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['ro', 'nosuid'] }]
    }),
  )
  assert.equal(find(steps, 'mount')[0]?.flags, 2)
  assert.deepEqual(find(steps, 'remount'), [{ kind: 'remount', destination: '/dev', flags: 3 }])
  assert.ok(kinds(steps).lastIndexOf('device') < kinds(steps).indexOf('remount'))
})

test('without a cgroup namespace the own cgroups are bound', () => {
  const steps = compileCreate(
    context((spec) => {
      spec.linux = { ...spec.linux, namespaces: spec.linux?.namespaces?.filter(({ type }) => type !== 'cgroup') ?? [] }
    }),
  )
  assert.deepEqual(
    find(steps, 'bind').map(({ source, destination, flags }) => [source, destination, flags]),
    [
      ['/sys/fs/cgroup/cpu,cpuacct/c', '/sys/fs/cgroup/cpu,cpuacct', 1 | 2 | 4 | 8 | (1 << 21)],
      ['/sys/fs/cgroup/systemd/c', '/sys/fs/cgroup/systemd', 1 | 2 | 4 | 8 | (1 << 21)],
    ],
  )
  assert.deepEqual(
    find(steps, 'symlink')
      .slice(0, 2)
      .map(({ path, target }) => [path, target]),
    [
      ['/sys/fs/cgroup/cpu', 'cpu,cpuacct'],
      ['/sys/fs/cgroup/cpuacct', 'cpu,cpuacct'],
    ],
  )
})

test('on a unified hierarchy one mount is enough', () => {
  const setup: CgroupSetup = {
    mode: 'v2',
    hierarchies: [],
    unified: { mountPoint: '/sys/fs/cgroup', root: '/', own: '/', controllers: [] },
  }
  const mounts = find(compileCreate(context(() => {}, { cgroups: setup })), 'mount')
  assert.deepEqual(mounts.at(-1), {
    kind: 'mount',
    destination: '/sys/fs/cgroup',
    source: 'cgroup',
    type: 'cgroup2',
    flags: 1 | 2 | 4 | 8 | (1 << 21),
    data: '',
    propagation: [],
    options: 0,
    copyUp: 0,
  })
})

test('a string with a NUL makes no program', () => {
  const steps = compileCreate(
    context((spec) => {
      spec.process.args = ['a\0b']
    }),
  )
  assert.throws(() => encodeProgram(steps), /lookup\.name: a string holds a NUL/)
})
