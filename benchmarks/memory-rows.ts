// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import type { Daemon } from '../e2e/harness/originals.ts'
import type { Sandbox } from '../e2e/harness/sandbox.ts'
import type { BenchRun, Measured } from './bench-run.ts'
import { RawEngine } from './engine-client.ts'

/** How many containers run while their memory is measured. */
const containers = 50

/** How long daemons and shims have nothing to do before they count as idle, in milliseconds. */
const idleMs = 20_000

/** The memory of the daemons and of what each container adds. */
export async function memoryRows(
  sandbox: Sandbox,
  { ours, dockerd, image }: { ours: Daemon; dockerd: Daemon; image: string },
  bench: BenchRun,
): Promise<void> {
  await bench.row('memory a running container adds', async () => {
    const mine = await perContainer(sandbox, ours, image)
    const theirs = await perContainer(sandbox, dockerd, image)
    // 0.8 MB where dockerd's shim took 3.6 MB.
    return { ...row(mine, theirs, 0.8 / 3.6), limit: 0.8 }
  })
  await bench.row('memory of the idle daemons', async () => {
    await delay(idleMs)
    return row(resident(ours), resident(dockerd), 110 / 130)
  })
}

function row(ours: number, original: number, budget: number): Measured {
  return { unit: 'MB', ours: [ours], original: [original], originalName: 'dockerd', budget }
}

/** Resident memory of a daemon and its children: ours is one process, theirs dockerd and its containerd. */
function resident({ process: { pid } }: Daemon): number {
  const total = `ps -o rss= --pid ${pid} --ppid ${pid} | awk '{s+=$1} END {print s}'`
  return Number(execFileSync('sh', ['-c', total], { encoding: 'utf8' })) / 1024
}

/** What shims and monitors take of the machine's memory, divided among the containers. */
async function perContainer(sandbox: Sandbox, daemon: Daemon, image: string): Promise<number> {
  const engine = new RawEngine(daemon.socket)
  const ids: string[] = []
  try {
    for (let i = 0; i < containers; i++) {
      const id = await engine.create(image, ['sleep', '1000'])
      ids.push(id)
      await engine.call('POST', `/containers/${id}/start`)
    }
    await delay(idleMs)
    const bytes = helpersIn(sandbox.directory).reduce((sum, pid) => sum + proportional(pid), 0)
    return bytes / 1024 / containers
  } finally {
    for (const id of ids) await engine.call('DELETE', `/containers/${id}?force=1`)
  }
}

/** The shims that serve a daemon of the sandbox, and their monitors, by pid. */
function helpersIn(directory: string): number[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ pid: Number(name), command: read(`/proc/${name}/cmdline`).replaceAll('\0', ' ') }))
  const shims = all.filter(({ command }) => command.includes('containerd-shim-') && command.includes(`${directory}/`))
  const parents = new Set(shims.map(({ pid }) => pid))
  const monitors = all.filter(
    ({ pid, command }) => command.startsWith('teu-init monitor') && parents.has(parentOf(pid)),
  )
  return [...shims, ...monitors].map(({ pid }) => pid)
}

function parentOf(pid: number): number {
  return Number(/^PPid:\s*(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1])
}

/** The proportional set size of a process, in KiB. */
function proportional(pid: number): number {
  return Number(/^Pss:\s*(\d+)/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0)
}

/** A file of a process, empty when the process has gone. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
