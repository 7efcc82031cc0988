// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { imageArchive } from '../e2e/harness/programs.ts'
import type { Sandbox } from '../e2e/harness/sandbox.ts'
import { pairwise, type Row } from './measure.ts'

/** The runtime as a program, beside runc, on one bundle. */
export async function runtimeRows(sandbox: Sandbox, words: readonly string[]): Promise<Row[]> {
  const name = 'runtime run, as a program'
  if (words.length > 0 && !words.some((word) => name.includes(word))) return []
  process.stderr.write(`${name} …\n`)
  const bundle = makeBundle(sandbox)
  let count = 0
  const run = (program: string, root: string) => () =>
    sandbox.output(program, ['--root', sandbox.path(root), 'run', '--bundle', bundle, `bench${count++}`])
  const times = await pairwise(11, run('teu-runtime', 'rt'), run('runc', 'rc'))
  return [{ name, unit: 'ms', originalName: 'runc', budget: 2.5, ...times }]
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
