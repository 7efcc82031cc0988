// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hasCode } from '@teu/errors'
import type { Spec } from '@teu/oci-spec/runtime'
import { checkSpec } from './check-spec.ts'
import { defaultSpec } from './default-spec.ts'

type Full = Spec & Required<Pick<Spec, 'process' | 'linux' | 'mounts'>>

test('the default specs are accepted', () => {
  checkSpec(defaultSpec())
  checkSpec(defaultSpec({ uid: 1000, gid: 1000 }))
})

const unsupported = 'not-implemented'
const mappings = {
  uidMappings: [{ containerID: 0, hostID: 1000, size: 1 }],
  gidMappings: [{ containerID: 0, hostID: 1000, size: 1 }],
}

const refused: [name: string, change: (spec: Full) => void, message: RegExp, code?: 'not-implemented'][] = [
  ['no root', (spec) => delete (spec as Spec).root, /^root: required/],
  ['no args', (spec) => (spec.process.args = []), /^process\.args: must not be empty/],
  ['empty program', (spec) => (spec.process.args = ['']), /^process\.args\[0\]: must not be empty/],
  ['relative cwd', (spec) => (spec.process.cwd = 'x'), /^process\.cwd: must be an absolute path/],
  ['bad env', (spec) => (spec.process.env = ['A']), /: invalid environment variable: "A"/],
  ['nameless env', (spec) => (spec.process.env = ['=A']), /: environment variable name cannot be empty/],
  [
    'unknown limit',
    (spec) => (spec.process.rlimits = [{ type: 'RLIMIT_X', soft: 1, hard: 1 }]),
    /invalid rlimit type: RLIMIT_X/,
  ],
  [
    'limit twice',
    (spec) => (spec.process.rlimits = [1, 2].map((soft) => ({ type: 'RLIMIT_CPU', soft, hard: 3 }))),
    /duplicated rlimit type: RLIMIT_CPU/,
  ],
  ['namespace twice', (spec) => spec.linux.namespaces?.push({ type: 'pid' }), /duplicated ns "pid"/],
  [
    'hostname of the host',
    (spec) => (spec.linux.namespaces = [{ type: 'mount' }]),
    /unable to set hostname without a private UTS/,
  ],
  [
    'maps without user',
    (spec) => (spec.linux.uidMappings = [{ containerID: 0, hostID: 0, size: 1 }]),
    /user namespace isn't enabled/,
  ],
  [
    'user without maps',
    (spec) => spec.linux.namespaces?.push({ type: 'user' }),
    /linux\.uidMappings: a new user namespace needs/,
  ],
  [
    'relative mask',
    (spec) => (spec.linux.maskedPaths = ['proc']),
    /linux\.maskedPaths: "proc" is not an absolute path/,
  ],
  [
    'relative read-only',
    (spec) => (spec.linux.readonlyPaths = ['x']),
    /linux\.readonlyPaths: "x" is not an absolute path/,
  ],
  [
    'device out of /',
    (spec) => (spec.linux.devices = [{ type: 'p', path: '/dev/../x' }]),
    /linux\.devices: "\/dev\/\.\.\/x"/,
  ],
  [
    'host sysctl',
    (spec) => (spec.linux.sysctl = { 'kernel.panic': '1' }),
    /"kernel\.panic" is not in a separate kernel namespace/,
  ],
  ['offsets', (spec) => (spec.linux.timeOffsets = { monotonic: { secs: 1 } }), /time namespace isn't enabled/],
  ['resctrl', (spec) => (spec.linux.intelRdt = {}), /^linux\.intelRdt: resctrl is not supported/, 'not-implemented'],
  ['memory policy', (spec) => (spec.linux.memoryPolicy = { mode: 'MPOL_BIND' }), /^linux\.memoryPolicy: /, unsupported],
  ['network devices', (spec) => (spec.linux.netDevices = { eth0: {} }), /^linux\.netDevices: /, unsupported],
  ['mount label', (spec) => (spec.linux.mountLabel = 'x'), /^linux\.mountLabel: SELinux labels/, unsupported],
  [
    'process label',
    (spec) => (spec.process.selinuxLabel = 'x'),
    /^selinux label is specified in config, but selinux is disabled or not supported$/,
  ],
  [
    'no mount namespace',
    (spec) => {
      spec.linux.namespaces = [{ type: 'pid' }]
      spec.linux.maskedPaths = spec.linux.readonlyPaths = []
    },
    /^linux\.namespaces: a container without a mount namespace is not supported$/,
    unsupported,
  ],
  [
    'masks without a mount namespace',
    (spec) => (spec.linux.namespaces = [{ type: 'pid' }]),
    /^unable to restrict sys entries without a private MNT namespace$/,
  ],
  [
    'mapped mount that is no bind',
    (spec) => spec.mounts.push({ destination: '/x', type: 'tmpfs', ...mappings }),
    /^mounts\[7\]: id-mapped mounts are only supported for bind-mounts$/,
  ],
  [
    'half mapped mount',
    (spec) => spec.mounts.push({ destination: '/x', options: ['bind'], uidMappings: mappings.uidMappings }),
    asRoot(/^mounts\[7\]: id-mapped mounts must have both uid and gid mappings specified$/),
  ],
  [
    'mapped mount without mappings',
    (spec) => spec.mounts.push({ destination: '/x', options: ['bind', 'idmap'] }),
    asRoot(/^mounts\[7\]: an id-mapped mount without mappings of its own needs a user namespace$/),
  ],
  ['nice', (spec) => (spec.process.scheduler = { policy: 'SCHED_OTHER', nice: 20 }), /^process\.scheduler\.nice: 20/],
  [
    'priority without a real-time policy',
    (spec) => (spec.process.scheduler = { policy: 'SCHED_BATCH', priority: 1 }),
    /^process\.scheduler\.priority: can only be specified for SCHED_FIFO and SCHED_RR$/,
  ],
  [
    'deadline without its policy',
    (spec) => (spec.process.scheduler = { policy: 'SCHED_OTHER', deadline: 1 }),
    /^process\.scheduler: runtime, deadline and period can only be specified for SCHED_DEADLINE$/,
  ],
  [
    'a user beyond what the kernel takes',
    (spec) => (spec.process.user = { uid: 2 ** 31, gid: 0 }),
    /^unable to setup user: uids and gids must be in range 0-2147483647$/,
  ],
  [
    'an additional group beyond what the kernel takes',
    (spec) => (spec.process.user = { uid: 0, gid: 0, additionalGids: [2 ** 32 - 1] }),
    /^unable to setup user: uids and gids must be in range 0-2147483647$/,
  ],
  [
    'I/O priority',
    (spec) => (spec.process.ioPriority = { class: 'IOPRIO_CLASS_BE', priority: 8 }),
    /^process\.ioPriority\.priority: 8 is not in 0 to 7$/,
  ],
  [
    'processors',
    (spec) => (spec.process.execCPUAffinity = { final: '1-' }),
    /^process\.execCPUAffinity\.final: not a list of processors: 1-$/,
  ],
]

/** Who is not root is told that before anything about the mappings. */
function asRoot(message: RegExp): RegExp {
  return process.geteuid?.() === 0 ? message : /not supported for rootless containers$/
}

for (const [name, change, message, code = 'invalid-argument'] of refused) {
  test(`refused: ${name}`, () => {
    const spec = defaultSpec() as Full
    change(spec)
    assert.throws(
      () => checkSpec(spec),
      (error: Error) => {
        assert.match(error.message, message)
        return hasCode(error, code)
      },
    )
  })
}
