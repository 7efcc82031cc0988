// SPDX-License-Identifier: Apache-2.0
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { createRuntime } from '@teu/runtime'
import { imageArchive } from '../e2e/harness/programs.ts'
import type { Sandbox } from '../e2e/harness/sandbox.ts'
import { pairwise, type Row } from './measure.ts'

/** The runtime as a program beside runc, and as a library beside crun, on one bundle. `words` select rows by name. */
export async function runtimeRows(sandbox: Sandbox, words: readonly string[]): Promise<Row[]> {
  const wanted = (name: string) => words.length === 0 || words.some((word) => name.includes(word))
  const [program, library] = ['runtime run, as a program', 'runtime create+start+exit, as a library']
  const rows: Row[] = []
  if (!wanted(program) && !wanted(library)) return rows
  const bundle = makeBundle(sandbox)
  if (wanted(program)) {
    process.stderr.write(`${program} …\n`)
    rows.push({ name: program, unit: 'ms', originalName: 'runc', budget: 2.5, ...(await programs(sandbox, bundle)) })
  }
  if (!wanted(library)) return rows
  process.stderr.write(`${library} …\n`)
  if (existsSync('/sys/fs/cgroup/unified') && !existsSync('/sys/fs/cgroup/hugetlb'))
    process.stderr.write('left out: crun does not work with these cgroups; npm run bench prepares them\n')
  else rows.push({ name: library, unit: 'ms', originalName: 'crun', budget: 1, ...(await asLibrary(sandbox, bundle)) })
  return rows
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
