// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { imageArchive, repository } from '../e2e/harness/programs.ts'
import type { Sandbox } from '../e2e/harness/sandbox.ts'
import type { BenchRun } from './bench-run.ts'
import { pairwise } from './measure.ts'
import { ShimHost, type ShimProgram } from './shim-host.ts'

const ours: ShimProgram = {
  name: 'teu',
  binary: path.join(repository, 'packages/shim/bin/containerd-shim-teu-v1'),
  runtime: '',
}
const theirs: ShimProgram = { name: 'runc', binary: '/usr/bin/containerd-shim-runc-v2', runtime: '/usr/sbin/runc' }

/** How many containers run while one more is made. */
const crowd = 500

const names = {
  start: 'shim start, of a group that runs',
  exec: 'exec by the Task service',
  output: 'CPU of the shim while 1 GB goes to a FIFO',
  crowd: `create beside ${crowd} running containers`,
}

/** Our shim beside containerd's own with runc, both called as containerd calls them. */
export async function shimRows(sandbox: Sandbox, bench: BenchRun): Promise<void> {
  await bench.together(Object.values(names), async () => {
    const rootfs = makeRootfs(sandbox)
    await using mine = await ShimHost.open(sandbox, ours, rootfs)
    await using other = await ShimHost.open(sandbox, theirs, rootfs)
    const originalName = 'shim-runc-v2'
    await bench.row(names.start, async () => {
      const [a, b] = [mine.bundle(['true']), other.bundle(['true'])]
      const times = await pairwise(
        21,
        () => mine.start(a),
        () => other.start(b),
      )
      return { unit: 'ms', originalName, budget: 1, limit: 10, ...times }
    })
    await bench.row(names.exec, async () => {
      const [a, b] = [await mine.run(['sleep', '1000']), await other.run(['sleep', '1000'])]
      try {
        const times = await pairwise(
          21,
          () => mine.exec(a),
          () => other.exec(b),
        )
        return { unit: 'ms', originalName, budget: 1 / 4, limit: 8, ...times }
      } finally {
        await Promise.all([mine.remove(a), other.remove(b)])
      }
    })
    await bench.row(names.output, async () => {
      const [a, b] = [await outputCost(sandbox, mine), await outputCost(sandbox, other)]
      return { unit: '%', originalName, limit: 1, ours: [a], original: [b] }
    })
    await bench.row(names.crowd, async () => {
      return { unit: 'ms', originalName: 'ours beside 1', budget: 1.3, ...(await crowdCost(mine)) }
    })
  })
}

/** The processor time of a shim and its monitor, in per cent of the time that 1 GB takes from a container to a reader. */
async function outputCost(sandbox: Sandbox, host: ShimHost): Promise<number> {
  const bundle = host.bundle(['sh', '-c', 'read go; dd if=/dev/zero bs=1M count=1024 2>/dev/null; exec sleep 1000'])
  const id = path.basename(bundle)
  const [stdin, stdout] = ['stdin', 'stdout'].map((name) => path.join(bundle, name)) as [string, string]
  execFileSync('mkfifo', [stdin, stdout])
  const reader = sandbox.spawn('head', ['-c', String(1024 ** 3), stdout], { stdio: ['ignore', 'ignore', 'inherit'] })
  const ended = once(reader, 'exit')
  const pid = await host.create(bundle, stdout, stdin)
  await host.task.start({ id, execId: '' })
  const { shimPid } = await host.task.connect({ id })
  // Of the original, the parent is the shim itself.
  const processes = new Set([shimPid, parentOf(pid)])
  const used = () => [...processes].reduce((sum, each) => sum + processorNs(each), 0n)
  const [from, before] = [process.hrtime.bigint(), used()]
  execFileSync('sh', ['-c', `echo go >'${stdin}'`])
  await ended
  const cost = Number(used() - before) / Number(process.hrtime.bigint() - from)
  await host.remove(id)
  return cost * 100
}

function parentOf(pid: number): number {
  return Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
}

/** Nanoseconds that all threads of a process have run. */
function processorNs(pid: number): bigint {
  const threads = readdirSync(`/proc/${pid}/task`)
  return threads.reduce((sum, thread) => {
    return sum + BigInt(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0] as string)
  }, 0n)
}

/** Milliseconds of a create beside one container, and beside many. */
async function crowdCost(host: ShimHost): Promise<{ ours: number[]; original: number[] }> {
  const ids = [await host.run(['sleep', '1000'])]
  const original = await creates(host)
  while (ids.length < crowd) {
    const next = Array.from({ length: 4 }, () => host.run(['sleep', '1000']))
    ids.push(...(await Promise.all(next)))
  }
  const times = await creates(host)
  for (let rest = ids.slice(1); rest.length > 0; rest = rest.slice(8)) {
    await Promise.all(rest.slice(0, 8).map((id) => host.remove(id)))
  }
  // Before and after, because a machine that others use is not the same for a minute.
  original.push(...(await creates(host)))
  await host.remove(ids[0] as string)
  return { ours: times, original }
}

async function creates(host: ShimHost): Promise<number[]> {
  const times: number[] = []
  for (let round = 0; round < 31; round++) {
    const bundle = host.bundle(['true'])
    const from = performance.now()
    await host.create(bundle)
    times.push(performance.now() - from)
    await host.remove(path.basename(bundle))
  }
  return times.slice(1)
}

function makeRootfs(sandbox: Sandbox): string {
  const rootfs = sandbox.path('shim-rootfs')
  mkdirSync(rootfs)
  execFileSync('sh', ['-c', `tar -xOf '${imageArchive('busybox')}' layer.tar | tar -C '${rootfs}' -xf -`])
  return rootfs
}
