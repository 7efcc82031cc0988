// SPDX-License-Identifier: Apache-2.0
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRuntime } from '@teu/runtime'
import { imageArchive } from '../e2e/harness/programs.ts'
import type { Sandbox } from '../e2e/harness/sandbox.ts'
import type { BenchRun, Measured } from './bench-run.ts'
import { pairwise } from './measure.ts'

const names = {
  program: 'runtime run, as a program',
  node: "runtime run, beyond bare node's time",
  library: 'runtime create+start+exit, as a library',
  exec: 'runtime exec+exit, as a library',
} as const

/** The runtime as a program beside runc, and as a library beside crun, on one bundle. */
export async function runtimeRows(sandbox: Sandbox, bench: BenchRun): Promise<void> {
  await bench.together(Object.values(names), async () => {
    const bundle = makeBundle(sandbox)
    await bench.row(names.program, async () => {
      return { unit: 'ms', originalName: 'runc', budget: 2.5, ...(await programs(sandbox, bundle)) }
    })
    await bench.row(names.node, async () => atMost(40, await beyondNode(sandbox, bundle)))
    if (existsSync('/sys/fs/cgroup/unified') && !existsSync('/sys/fs/cgroup/hugetlb'))
      bench.leaveOut(names.library, 'crun does not work with these cgroups; npm run bench prepares them')
    else
      await bench.row(names.library, async () => {
        return { unit: 'ms', originalName: 'crun', budget: 1, ...(await asLibrary(sandbox, bundle)) }
      })
    await bench.row(names.exec, async () => atMost(8, await execs(sandbox, bundle)))
  })
}

/** A row whose budget is a time, not another program's. */
function atMost(milliseconds: number, ours: readonly number[]): Measured {
  return { unit: 'ms', ours, original: [milliseconds], originalName: 'the limit', budget: 1 }
}

async function beyondNode(sandbox: Sandbox, bundle: string): Promise<number[]> {
  let count = 0
  const run = () =>
    sandbox.output('teu-runtime', ['--root', sandbox.path('rt'), 'run', '--bundle', bundle, `node${count++}`])
  const times = await pairwise(11, run, () => sandbox.output(process.execPath, ['-e', '0']))
  return times.ours.map((time, index) => time - (times.original[index] as number))
}

async function execs(sandbox: Sandbox, bundle: string): Promise<readonly number[]> {
  const runtime = createRuntime({ root: sandbox.path('library') })
  const stdio = ['ignore', 'ignore', 'ignore'] as const
  const spec = JSON.parse(readFileSync(`${bundle}/config.json`, 'utf8'))
  spec.process.args = ['sleep', '1000']
  await runtime.create('execs', { bundle, spec, stdio })
  try {
    await runtime.start('execs')
    const exec = async () => (await runtime.exec('execs', { process: { args: ['true'] }, stdio })).exited
    return (await pairwise(31, exec, async () => {})).ours
  } finally {
    await runtime.delete('execs', { force: true })
  }
}

function programs(sandbox: Sandbox, bundle: string) {
  let count = 0
  const run = (program: string, root: string) => () =>
    sandbox.output(program, ['--root', sandbox.path(root), 'run', '--bundle', bundle, `bench${count++}`])
  return pairwise(11, run('teu-runtime', 'rt'), run('runc', 'rc'))
}

function asLibrary(sandbox: Sandbox, bundle: string) {
  const runtime = createRuntime({ root: sandbox.path('library') })
  let count = 0
  const ours = async () => {
    const id = `bench${count++}`
    const { exited } = await runtime.create(id, { bundle, stdio: ['ignore', 'ignore', 'ignore'] })
    await runtime.start(id)
    await exited
    await runtime.delete(id)
  }
  const theirs = async () => {
    const args = ['--root', sandbox.path('crun'), 'run', '--bundle', bundle, `bench${count++}`]
    // Pipes, because crun gives the streams to the container's user.
    const child = spawn('crun', args, { stdio: ['pipe', 'pipe', 'pipe'] })
    const [status] = await once(child, 'close')
    if (status !== 0) throw new Error(`crun ended with ${status}`)
  }
  return pairwise(21, ours, theirs)
}

/** A busybox bundle whose config.json is runc's own, without a terminal and below the sandbox's cgroup. */
function makeBundle(sandbox: Sandbox): string {
  const bundle = sandbox.path('bundle')
  mkdirSync(`${bundle}/rootfs`, { recursive: true })
  execFileSync('sh', ['-c', `tar -xOf '${imageArchive('busybox')}' layer.tar | tar -C '${bundle}/rootfs' -xf -`])
  execFileSync('runc', ['spec'], { cwd: bundle })
  const config = JSON.parse(execFileSync('cat', [`${bundle}/config.json`], { encoding: 'utf8' }))
  config.process.terminal = false
  config.process.args = ['true']
  config.linux.cgroupsPath = `${sandbox.cgroupParent}/bench`
  writeFileSync(`${bundle}/config.json`, JSON.stringify(config))
  return bundle
}
