// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import type { HostConfig } from '@teu/engine-api'
import { allCapabilities } from './capabilities.ts'
import type { HostFacts } from './host-facts.ts'
import { validateHostConfig } from './validate-host-config.ts'

const host: HostFacts = {
  architecture: 'x64',
  capabilities: allCapabilities.filter((name) => name !== 'CAP_SYS_RESOURCE'),
  cgroupVersion: 1,
  cpus: 2,
  cpuset: { cpus: '0-1', mems: '0' },
  kernel: { major: 6, minor: 1 },
  appArmor: false,
  seccomp: true,
  recursiveReadOnly: true,
  limits: {
    memory: true,
    swap: false,
    swappiness: true,
    oomKillDisable: true,
    pids: true,
    cpuShares: true,
    cpuQuota: true,
    cpuset: true,
    blkioWeight: false,
  },
  devicesAt(path) {
    if (path !== '/dev/null') throw new Error('not a device node')
    return [{ path, type: 'c', major: 1, minor: 3, fileMode: 0o666, uid: 0, gid: 0 }]
  },
}

const mega = 1024 * 1024

const refused: [HostConfig, RegExp][] = [
  [{ Memory: 5 * mega }, /^Minimum memory limit allowed is 6MB$/],
  [{ Memory: -1 }, /Minimum memory limit allowed is 6MB/],
  [
    { Memory: 64 * mega, MemorySwap: 32 * mega },
    /Minimum memoryswap limit should be larger than memory limit, see usage/,
  ],
  [{ MemorySwap: 64 * mega }, /You should always set the Memory limit when using Memoryswap limit, see usage/],
  [{ MemorySwappiness: 101 }, /Invalid value: 101, valid memory swappiness range is 0-100/],
  [{ MemoryReservation: mega }, /Minimum memory reservation allowed is 6MB/],
  [{ Memory: 16 * mega, MemoryReservation: 32 * mega }, /can not be less than memory reservation limit/],
  [{ NanoCpus: 1e9, CpuPeriod: 1000 }, /Nano CPUs and CPU Period cannot both be set/],
  [{ NanoCpus: 1e9, CpuQuota: 1000 }, /Nano CPUs and CPU Quota cannot both be set/],
  [{ NanoCpus: 3e9 }, /range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available/],
  [{ CpuShares: -1 }, /invalid CPU shares \(-1\)/],
  [{ CpuPeriod: 10 }, /CPU cfs period can not be less than 1ms/],
  [{ CpuQuota: 10 }, /CPU cfs quota can not be less than 1ms/],
  [{ CpusetCpus: '0-5' }, /Requested CPUs are not available - requested 0-5, available: 0-1/],
  [{ CpusetCpus: '0-4294967295' }, /Invalid value 0-4294967295 for cpuset cpus/],
  [{ CpusetCpus: '1-0' }, /Invalid value 1-0 for cpuset cpus/],
  [{ CpusetMems: 'x' }, /Invalid value x for cpuset mems/],
  [{ CpusetMems: '1' }, /Requested memory nodes are not available/],
  [{ IpcMode: 'what' }, /invalid IPC mode: what/],
  [{ PidMode: 'private' }, /invalid PID mode: private/],
  [{ UTSMode: 'x' }, /invalid UTS mode: x/],
  [{ UsernsMode: 'x' }, /invalid userns mode: x/],
  [{ CgroupnsMode: 'x' }, /invalid cgroup namespace mode: x/],
  [{ ShmSize: -1 }, /SHM size can not be less than 0/],
  [{ OomScoreAdj: 1001 }, /Invalid value 1001, range for oom score adj is \[-1000, 1000\]/],
  [{ Ulimits: [{ Name: 'nofiles', Soft: 1, Hard: 1 }] }, /invalid ulimit type: nofiles/],
  [{ Ulimits: [{ Name: 'nofile', Soft: 2, Hard: 1 }] }, /soft limit must be less than or equal to hard limit: 2 > 1/],
  [{ CapAdd: ['NET_ADMIN', 'NONSENSE'] }, /invalid CapAdd: unknown capability: "CAP_NONSENSE"/],
  [
    { CapAdd: ['sys_resource'] },
    /not supported by your kernel or not available in the current environment: "CAP_SYS_RESOURCE"/,
  ],
  [{ CapDrop: ['X'] }, /invalid CapDrop: unknown capability: "CAP_X"/],
  [{ SecurityOpt: ['nonsense'] }, /invalid --security-opt 1: "nonsense"/],
  [{ SecurityOpt: ['what=x'] }, /invalid --security-opt 2: "what=x"/],
  [{ SecurityOpt: ['no-new-privileges=maybe'] }, /invalid --security-opt 2/],
  [{ SecurityOpt: ['seccomp={'] }, /decoding seccomp profile failed/],
  [{ SecurityOpt: ['seccomp={"defaultAction":"ALLOW"}'] }, /unknown action ALLOW/],
  [{ DeviceCgroupRules: ['c 1:* rwx'] }, /invalid device cgroup rule format: 'c 1:\* rwx'/],
  [{ Devices: [{ PathOnHost: '/etc/passwd' }] }, /custom device "\/etc\/passwd": not a device node/],
  [{ Devices: [{ PathOnHost: '/dev/null', CgroupPermissions: 'x' }] }, /invalid device mode: x/],
  [{ Sysctls: { 'kernel.core_pattern': 'x' } }, /sysctl "kernel.core_pattern" is not in a separate kernel namespace/],
  [{ Sysctls: { 'kernel.shm_rmid_forced=1+kernel.x': 'y' } }, /not a valid key/],
  [{ Sysctls: { 'net/../kernel.y': '1' } }, /not a valid key/],
  [{ Sysctls: { 'net.ipv4.x': '1' }, NetworkMode: 'host' }, /not allowed in host network namespace/],
  [{ Sysctls: { 'net.core.somaxconn': '1\n2' } }, /invalid value/],
  [{ CpuCount: 1 }, /CpuCount is a limit of Windows containers/],
  [{ IOMaximumBandwidth: 1 }, /IOMaximumBandwidth is a limit of Windows containers/],
  [{ Isolation: 'hyperv' }, /invalid isolation 'hyperv' on linux/],
  [{ Binds: ['x'] }, /must be absolute/],
]

for (const [hostConfig, message] of refused) {
  test(`${JSON.stringify(hostConfig)} is refused`, () => {
    assert.throws(() => validateHostConfig(hostConfig, host), { code: 'invalid-argument', message })
  })
}

test('what is fine is accepted', () => {
  const hostConfig: HostConfig = {
    CpusetCpus: '0,1',
    MemorySwappiness: -1,
    CapAdd: ['ALL', 'cap_chown'],
    Sysctls: { 'net.ipv4.conf.eth0.rp_filter': '1', 'kernel.msgmax': '10', 'fs.mqueue.msg_max': '5' },
    Ulimits: [{ Name: 'nofile', Soft: 5, Hard: -1 }],
    SecurityOpt: ['no-new-privileges:true', 'apparmor=unconfined', 'label=disable', 'seccomp=unconfined'],
    Devices: [{ PathOnHost: '/dev/null', PathInContainer: '/dev/x', CgroupPermissions: 'r' }],
    DeviceCgroupRules: ['c 1:* rwm', 'a *:* m'],
    IpcMode: 'shareable',
    PidMode: 'container:x',
  }
  assert.deepEqual(validateHostConfig(hostConfig, host), [])
})

test('limits without their feature are dropped with a warning', () => {
  const warnings = validateHostConfig({ Memory: 64 * mega, BlkioWeight: 100, OomKillDisable: true }, host)
  assert.deepEqual(warnings, [
    'Your kernel does not support swap limit capabilities or the cgroup is not mounted. Memory limited without swap.',
    'Your kernel does not support Block I/O weight or the cgroup is not mounted. Weight discarded.',
  ])
  assert.match(validateHostConfig({ OomKillDisable: true }, host)[0] ?? '', /no memory limit is set/)
})

test('confinement that would not be there is refused by name', () => {
  const withOption =
    (option: string, appArmor = false) =>
    () =>
      validateHostConfig({ SecurityOpt: [option] }, { ...host, appArmor })
  const noProfile = 'AppArmor is not enabled on this host: --security-opt apparmor=mine cannot be applied'
  assert.throws(withOption('apparmor=mine'), { code: 'failed-precondition', message: noProfile })
  assert.throws(withOption('apparmor:mine'), { code: 'failed-precondition', message: noProfile })
  assert.doesNotThrow(withOption('apparmor=mine', true))
  for (const option of ['apparmor=unconfined', 'apparmor=', 'label=disable', 'label:disable', 'disable']) {
    assert.doesNotThrow(withOption(option), option)
  }
  for (const label of ['level:s0:c1', 'type:svirt_apache_t', 'nonsense']) {
    const message = `SELinux labels are not supported by this engine: --security-opt label=${label} cannot be applied`
    assert.throws(withOption(`label=${label}`, true), { code: 'not-implemented', message })
  }
})
