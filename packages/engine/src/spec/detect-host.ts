// SPDX-License-Identifier: Apache-2.0
import { existsSync, lstatSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { availableParallelism, release } from 'node:os'
import { join } from 'node:path'
import { type CgroupSetup, detectCgroups } from '@teu/linux'
import { kernelHasAppArmor } from '../app-armor/app-armor.ts'
import { allCapabilities } from './capabilities.ts'
import type { HostDevice, HostFacts, LimitFeatures } from './host-facts.ts'

/** Places below /dev that are the host's own, or made anew in every container. */
const ownDirectories = ['pts', 'shm', 'fd', 'mqueue', '.lxc', '.lxd-mounts', '.udev']

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

/** The capabilities of this process's bounding set that have a name. */
function boundingSet(): string[] {
  const hex = /^CapBnd:\s*([0-9a-f]+)$/m.exec(read('/proc/self/status') ?? '')?.[1] ?? '0'
  const bits = BigInt(`0x${hex}`)
  return allCapabilities.filter((_, number) => (bits >> BigInt(number)) & 1n)
}

/** The file of a v1 controller's root cgroup, or undefined where it is not mounted. */
function controllerFile({ hierarchies }: CgroupSetup, controller: string, file: string): boolean {
  const hierarchy = hierarchies.find(({ controllers }) => controllers.includes(controller))
  return hierarchy !== undefined && existsSync(join(hierarchy.mountPoint, file))
}

function limitFeatures(setup: CgroupSetup): LimitFeatures {
  if (setup.mode === 'v2') {
    const has = (controller: string) => setup.unified?.controllers.includes(controller) ?? false
    return {
      memory: has('memory'),
      // The root cgroup has no such file; swap is accounted since it can be compiled out no more (Linux 5.19).
      swap: has('memory'),
      swappiness: false,
      oomKillDisable: false,
      pids: has('pids'),
      cpuShares: has('cpu'),
      cpuQuota: has('cpu'),
      cpuset: has('cpuset'),
      blkioWeight: has('io'),
    }
  }
  const has = (controller: string, file: string) => controllerFile(setup, controller, file)
  return {
    memory: has('memory', 'memory.limit_in_bytes'),
    swap: has('memory', 'memory.memsw.limit_in_bytes'),
    swappiness: has('memory', 'memory.swappiness'),
    oomKillDisable: has('memory', 'memory.oom_control'),
    pids: has('pids', 'cgroup.procs'),
    cpuShares: has('cpu', 'cpu.shares'),
    cpuQuota: has('cpu', 'cpu.cfs_quota_us'),
    cpuset: has('cpuset', 'cpuset.cpus'),
    blkioWeight: has('blkio', 'blkio.weight') || has('blkio', 'blkio.bfq.weight'),
  }
}

/** Major and minor of a device number in Linux's encoding, see makedev(3). */
function numbersOf(device: number): { major: number; minor: number } {
  const number = BigInt(device)
  return {
    major: Number(((number >> 8n) & 0xfffn) | ((number >> 32n) & ~0xfffn)),
    minor: Number((number & 0xffn) | ((number >> 12n) & ~0xffn & 0xffffffffn)),
  }
}

function deviceAt(path: string, follow: boolean): HostDevice | undefined {
  const stat = follow ? statSync(path) : lstatSync(path)
  if (!stat.isCharacterDevice() && !stat.isBlockDevice()) return undefined
  const type = stat.isBlockDevice() ? 'b' : 'c'
  return { path, type, ...numbersOf(stat.rdev), fileMode: stat.mode & 0o777, uid: stat.uid, gid: stat.gid }
}

function devicesBelow(directory: string): HostDevice[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) return ownDirectories.includes(entry.name) ? [] : devicesBelow(path)
    if (entry.name === 'console') return []
    const device = deviceAt(path, false)
    return device ? [device] : []
  })
}

/** The device node at a path of the host, or all below a directory. */
function devicesAt(path: string): HostDevice[] {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (!stat) throw new Error('no such file or directory')
  if (stat.isDirectory()) return devicesBelow(path)
  const device = deviceAt(path, true)
  if (!device) throw new Error('not a device node')
  return [device]
}

/** Looks at this machine: kernel, cgroups, CPUs, and what this process may pass on. Read once, when an engine starts. */
export function detectHost(): HostFacts {
  const setup = detectCgroups()
  const [major = 0, minor = 0] = release()
    .split('.')
    .map((part) => Number.parseInt(part, 10))
  const list = (name: string) => (read(name) ?? '0').trim()
  return {
    architecture: process.arch,
    capabilities: boundingSet(),
    cgroupVersion: setup.mode === 'v2' ? 2 : 1,
    cpus: availableParallelism(),
    cpuset: { cpus: list('/sys/devices/system/cpu/online'), mems: list('/sys/devices/system/node/online') },
    kernel: { major, minor },
    appArmor: kernelHasAppArmor(),
    seccomp: existsSync('/proc/sys/kernel/seccomp'),
    recursiveReadOnly: major > 5 || (major === 5 && minor >= 12),
    limits: limitFeatures(setup),
    devicesAt,
  }
}
