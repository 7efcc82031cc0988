// SPDX-License-Identifier: Apache-2.0
// Walks through the life of containers as ctr's users know it. What differs between stacks is only what `flags` say, and
// whether the stack is an original or ours where the words of an error differ.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import type { Ctr } from './ctr.ts'
import { until } from './sandbox.ts'

/** What a walk goes through: how ctr is told to use it, and whose the shim is. */
export interface Stack {
  flags: readonly string[]
  isOurShim: boolean
}

/**
 * What a process does at its end. On a busy machine the original shim, and not ours, may lose what a process says that
 * ends at once, whatever its runtime: there it stays for a moment.
 */
export function stayIfNeeded({ isOurShim }: Pick<Stack, 'isOurShim'>): string {
  return isOurShim ? '' : 'sleep 0.5;'
}

/** runc's words, ours and crun's. */
const notFound = /executable file (`no-such-program` )?not found in \$PATH/

/** Runs to an end: output, exit codes, standard input, a command that is not there. */
export async function walkOnce(ctr: Ctr, stack: Stack): Promise<void> {
  const { flags } = stack
  const script = `echo out; echo err >&2; ${stayIfNeeded(stack)} exit 3`
  const ran = await ctr.start('once', ['--rm', ...flags], ['sh', '-c', script])
  assert.deepEqual([ran.status, ran.stdout, ran.stderr.includes('err\n')], [3, 'out\n', true], ran.stderr)
  // More than the buffers on the way hold: ctr forgets to close an input that ends before the task was created.
  const count = ['sh', '-c', `wc -c; ${stayIfNeeded(stack)}`]
  const fed = await ctr.start('fed', ['--rm', ...flags], count, { input: 'x'.repeat(300_000) })
  assert.equal(fed.stdout.trim(), '300000', fed.stderr)
  const missing = await ctr.start('missing', flags, ['no-such-program'])
  assert.equal(missing.status, 1)
  assert.match(missing.stderr, notFound)
  // ctr keeps the container of a task that could not be made, and nothing else of it.
  await ctr.output('containers', 'rm', ctr.id('missing'))
  assert.equal(await ctr.task('missing'), undefined)
}

/** A container that runs on while others look at it: exec, ps, metrics, pause, resume, checkpoint, kill, rm. */
export async function walkLong(ctr: Ctr, stack: Stack): Promise<void> {
  const id = ctr.id('long')
  const command = ['sh', '-c', "trap 'exit 5' TERM; echo ready; while :; do sleep 0.05; done"]
  const started = await ctr.start('long', ['-d', ...stack.flags], command)
  assert.equal(started.status, 0, started.stderr)
  await ctr.reaches('long', 'RUNNING')
  const exec = (execId: string, ...args: string[]) => ctr.run(['tasks', 'exec', '--exec-id', execId, id, ...args])
  assert.equal((await exec('e1', 'sh', '-c', `echo inside; ${stayIfNeeded(stack)}`)).stdout, 'inside\n')
  assert.equal((await exec('e2', 'sh', '-c', 'exit 9')).status, 9)
  assert.match((await exec('e3', 'no-such-program')).stderr, notFound)
  const { pid } = (await ctr.task('long')) ?? {}
  assert.match(await ctr.output('tasks', 'ps', id), new RegExp(`^PID +INFO *\n${pid} +-`))
  assert.match(await ctr.output('tasks', 'metrics', id), /memory\.usage_in_bytes|pids\.current/)
  await pauseAndResume(ctr, id)
  await refuseCheckpoint(ctr, id)
  assert.match((await ctr.run(['tasks', 'rm', id])).stderr, /task must be stopped before deletion: running/)
  await ctr.output('tasks', 'kill', id)
  await ctr.reaches('long', 'STOPPED')
  assert.match((await ctr.run(['tasks', 'kill', id])).stderr, /process already finished: not found/)
  assert.match((await exec('e4', 'true')).stderr, /cannot exec in a stopped/)
  const { stdout, stderr } = await ctr.run(['tasks', 'ps', id])
  // crun 1.8.1 crashes when it is asked for the processes of a container that has ended.
  assert.match(stdout + stderr, /^PID +INFO *\n$|crun.*: killed by SIGSEGV: unknown\n$/)
  assert.equal(await ctr.remove('long'), 5)
  assert.match((await ctr.run(['tasks', 'ps', id])).stderr, /^ctr: container "\S+" in namespace "default": not found/)
  assert.equal((await ctr.output('containers', 'ls', '-q')).trim(), '')
}

async function pauseAndResume(ctr: Ctr, id: string): Promise<void> {
  await ctr.output('tasks', 'pause', id)
  await ctr.reaches('long', 'PAUSED')
  assert.match((await ctr.run(['tasks', 'pause', id])).stderr, /cannot pause a paused container/)
  assert.match(
    (await ctr.run(['tasks', 'exec', '--exec-id', 'p', id, 'true'])).stderr,
    /cannot exec in a paused|is paused/,
  )
  assert.match((await ctr.run(['tasks', 'rm', id])).stderr, /task must be stopped before deletion: paused/)
  await ctr.output('tasks', 'resume', id)
  await ctr.reaches('long', 'RUNNING')
  assert.match((await ctr.run(['tasks', 'resume', id])).stderr, /cannot resume a running/)
}

/** containerd pauses a task before a checkpoint: after one that fails it must go on. */
async function refuseCheckpoint(ctr: Ctr, id: string): Promise<void> {
  const { status, stderr } = await ctr.run(['tasks', 'checkpoint', id])
  assert.equal(status, 1)
  assert.match(stderr, /checkpoints? (is|are) not supported|criu/i)
  await ctr.reaches('long', 'RUNNING')
  assert.equal((await ctr.run(['tasks', 'exec', '--exec-id', 'c', id, 'sh', '-c', 'exit 10'])).status, 10)
}

/** Terminals: `run -t`, `exec -t` and `attach`, with input, size, exit codes, and a Ctrl-C that goes to the container. */
export async function walkTerminals(ctr: Ctr, stack: Stack): Promise<void> {
  const { flags } = stack
  const shell = ctr.startOnTerminal('shell', ['--rm', ...flags], ['sh'])
  await shell.shows('# ')
  // ctr may tell a terminal its size only once the program runs.
  await shell.answers('stty size\n', '30 100')
  shell.type('test -t 0 && test -t 2 && echo a "terminal"\n')
  await shell.shows('a terminal')
  // By a shell that is not interactive: busybox's loses a Ctrl-C that comes between its fork and the program.
  shell.type(`sh -c 'echo be"gun"; exec sleep 100'\n`)
  await shell.shows('begun')
  shell.type('\x03')
  shell.type('exit 4\n')
  assert.equal(await shell.ends(), 4)

  const kept = ctr.startOnTerminal('kept', ['-d', ...flags], ['sh', '-c', counterLoop(stack)])
  assert.equal(await kept.ends(), 0)
  const exec = ctr.terminal('tasks', 'exec', '-t', '--exec-id', 't', ctr.id('kept'), 'sh')
  await exec.shows('# ')
  await exec.answers('stty size\n', '30 100')
  exec.type('tty; exit 6\n')
  await exec.shows(/\/dev\/pts\/\d+\r/)
  assert.equal(await exec.ends(), 6)
  const attached = ctr.terminal('tasks', 'attach', ctr.id('kept'))
  await attached.shows(/tick \d+\r/)
  await ctr.output('tasks', 'kill', ctr.id('kept'))
  await attached.shows('bye')
  assert.equal(await attached.ends(), 7)
  // attach removes the task that ended under it.
  assert.equal(await ctr.task('kept'), undefined)
  await ctr.output('containers', 'rm', ctr.id('kept'))
}

/** Prints a line ten times a second; ends with 7 on SIGTERM. */
function counterLoop(stack: Stack): string {
  const bye = `trap 'echo bye; ${stayIfNeeded(stack)} exit 7' TERM`
  return `${bye}; i=0; while :; do i=$((i+1)); echo tick $i; sleep 0.1; done`
}

/**
 * containerd is killed and comes back, while one container prints, one is paused, one has a terminal, and one ends in
 * between. `restart` kills it, calls `meanwhile`, and starts it again.
 */
export async function walkThroughRestart(
  ctr: Ctr,
  stack: Stack,
  restart: (meanwhile: () => Promise<void>) => Promise<void>,
): Promise<void> {
  const { flags } = stack
  const start = async (name: string, more: string[], script: string) => {
    const { status, stderr } = await ctr.start(name, ['-d', ...more, ...flags], ['sh', '-c', script])
    assert.equal(status, 0, stderr)
  }
  await start('prints', [], counterLoop(stack))
  await start('frozen', ['--null-io'], "trap 'exit 8' TERM; while :; do sleep 0.05; done")
  assert.equal(await ctr.startOnTerminal('screen', ['-d', ...flags], ['sh', '-c', counterLoop(stack)]).ends(), 0)
  await start('ends', ['--null-io'], "trap 'exit 23' TERM; while :; do sleep 0.05; done")
  await ctr.output('tasks', 'pause', ctr.id('frozen'))
  const { pid = 0 } = (await ctr.task('ends')) ?? {}
  await restart(async () => {
    process.kill(pid, 'SIGTERM')
    await until('the container has ended', () => !existsSync(`/proc/${pid}`))
  })
  await ctr.reaches('ends', 'STOPPED')
  assert.equal(await ctr.remove('ends'), 23)
  await ctr.reaches('frozen', 'PAUSED')
  await ctr.output('tasks', 'resume', ctr.id('frozen'))
  await ctr.output('tasks', 'kill', ctr.id('frozen'))
  await ctr.reaches('frozen', 'STOPPED')
  assert.equal(await ctr.remove('frozen'), 8)
  for (const name of ['prints', 'screen']) {
    await ctr.reaches(name, 'RUNNING')
    const still = ['sh', '-c', `echo still; ${stayIfNeeded(stack)}`]
    assert.equal(await ctr.output('tasks', 'exec', '--exec-id', 'e', ctr.id(name), ...still), 'still\n')
    const attached = ctr.terminal('tasks', 'attach', ctr.id(name))
    await attached.shows(/tick \d+\s/)
    await ctr.output('tasks', 'kill', ctr.id(name))
    await attached.shows('bye')
    assert.equal(await attached.ends(), 7)
    await ctr.output('containers', 'rm', ctr.id(name))
  }
}
