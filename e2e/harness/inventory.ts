// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process'
import { globSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'

/** What a test could leave on the machine, each as a set of names. */
export interface Inventory {
  mounts: Set<string>
  cgroups: Set<string>
  files: Set<string>
}

/** Whose leaks are looked for: a sandbox's name, network namespace and directory. */
export interface Owner {
  readonly id: string
  readonly netns: string
  readonly directory: string
}

/** Directories in which a forgetful program leaves things, looked at one level deep. */
const watched = ['/run', '/var/lib', '/var/run/netns', '/dev/shm']

/** Folders that programs make where they have them, empty or not, the first time that they run on a machine. */
const lasting = new Set([
  ...['/run/containerd', '/run/crun', '/run/docker', '/run/runc', '/run/teu-runtime'],
  ...['/var/lib/containerd', '/var/lib/containers', '/var/lib/docker'],
])

/** Takes stock of this process's mount namespace, of all cgroups, and of the watched directories. */
export function takeInventory(): Inventory {
  return {
    mounts: new Set(readFileSync('/proc/self/mountinfo', 'utf8').split('\n').map(mountName).filter(Boolean)),
    cgroups: new Set(globSync('/sys/fs/cgroup/{*,*/*,*/*/*,*/*/*/*}/cgroup.procs').filter((file) => !isForeign(file))),
    files: new Set(
      watched
        .flatMap((folder) => entries(folder).map((name) => `${folder}/${name}`))
        .filter((name) => !lasting.has(name)),
    ),
  }
}

/** Cgroups of other tests that run beside this one, and those that the machine's supervisor comes and goes with. */
function isForeign(file: string): boolean {
  return /\/(process_api|teu-test-[^/]*|conformance-[^/]*)\//.test(file)
}

/** Cgroups of a sandbox that runs beside this one. */
function isOfAnother(name: string, id: string): boolean {
  const [owner] = /teu-e2e-[0-9a-f]+/.exec(name) ?? [id]
  return owner !== id
}

/** A mount by its point and type; ids change when unrelated mounts do. */
function mountName(line: string): string {
  const fields = line.split(' ')
  const type = fields[fields.indexOf('-') + 1]
  return fields[4] ? `${fields[4]} (${type})` : ''
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

/** Processes that carry the sandbox's marker or live in its network namespace, the holder left out. */
export function processesOf(id: string, netns: string): string[] {
  const namespace = link(netns)
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => belongs(pid, id, namespace) && !`${read(`/proc/${pid}/cmdline`)}`.startsWith('sleep\x001000000'))
    .map((pid) => `process ${pid}: ${read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim() || '(zombie)'}`)
}

function belongs(pid: string, id: string, namespace: string): boolean {
  if (read(`/proc/${pid}/environ`).split('\0').includes(`TEU_E2E=${id}`)) return true
  return namespace !== '' && link(`/proc/${pid}/ns/net`) === namespace
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

function link(file: string): string {
  try {
    return readlinkSync(file)
  } catch {
    return ''
  }
}

/** Bridges that an engine leaves on its host on purpose, for the containers that outlive it; their ports are leaks. */
const standing = ['teu0', 'docker0']

/** Links in the network namespace besides loopback and the standing bridges. */
function linksOf(netns: string): string[] {
  const pid = netns.split('/')[2]
  return read(`/proc/${pid}/net/dev`)
    .split('\n')
    .slice(2)
    .map((line) => line.split(':')[0]?.trim() ?? '')
    .filter((name) => name !== '' && name !== 'lo' && !standing.includes(name))
}

/**
 * Everything that is there now and was not before. What is on its way out gets ten seconds to go: a shim whose
 * containerd is gone gives its last events that long.
 */
export async function leaksSince(before: Inventory, owner: Owner): Promise<string[]> {
  const deadline = performance.now() + 10_000
  for (;;) {
    const leaks = compare(before, owner)
    if (leaks.length === 0 || performance.now() > deadline) return end(leaks, owner)
    await delay(100)
  }
}

/** Debian's containerd writes this when dockerd, to which it answers late, asks for it before killing it. */
const stacksOfOriginal = /^containerd\.\d+\.stacks\.log$/

function compare(before: Inventory, { id, netns, directory }: Owner): string[] {
  const now = takeInventory()
  return [
    ...processesOf(id, netns),
    ...linksOf(netns).map((name) => `link ${name}`),
    ...news(before.mounts, now.mounts, 'mount'),
    ...news(before.cgroups, now.cgroups, 'cgroup').filter((name) => !isOfAnother(name, id)),
    ...news(before.files, now.files, 'file'),
    ...entries(`${directory}/tmp`)
      .filter((name) => !stacksOfOriginal.test(name))
      .map((name) => `temporary file ${name}`),
  ]
}

function news(before: Set<string>, now: Set<string>, kind: string): string[] {
  return [...now].filter((name) => !before.has(name)).map((name) => `${kind} ${name}`)
}

/** Ends what was left running, and its cgroups, so that one dirty test does not spoil the next. */
async function end(leaks: string[], { id, netns }: Owner): Promise<string[]> {
  if (leaks.length === 0) return leaks
  const pids = processesOf(id, netns).map((entry) => Number(entry.split(/[ :]/)[1]))
  const cgroups = cgroupsBelow(id)
  for (const cgroup of cgroups) pids.push(...read(`${cgroup}/cgroup.procs`).split('\n').filter(Boolean).map(Number))
  for (const pid of pids) attempt(() => process.kill(pid, 'SIGKILL'))
  // Frozen processes die once they thaw.
  for (const cgroup of cgroups) attempt(() => writeFileSync(`${cgroup}/freezer.state`, 'THAWED', { flag: 'r+' }))
  await delay(200)
  for (const cgroup of cgroups) attempt(() => execFileSync('rmdir', [cgroup], { stdio: 'ignore' }))
  return leaks
}

/** Directories of the sandbox's cgroups in all hierarchies, the deepest first. */
function cgroupsBelow(id: string): string[] {
  return globSync(`/sys/fs/cgroup/{,*/}${id}/{**/,}`).sort().reverse()
}

/** What has gone by itself needs no ending. */
function attempt(action: () => unknown): void {
  try {
    action()
  } catch {}
}
