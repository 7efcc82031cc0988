// SPDX-License-Identifier: Apache-2.0
// Debian's dockerd with `--live-restore` is killed: its containers go on and come back to the next one, whoever made them.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { Docker, withColumns } from './harness/docker-columns.ts'
import { compareAnswers } from './harness/docker-compare.ts'
import { sandboxTest, until } from './harness/sandbox.ts'

// None with `--restart`: dockerd 20.10 may start one twice, for what it finds and for an event that is late, and loses it.
const names = ['goes-on', 'ends', 'is-killed', 'is-paused', 'has-terminal'] as const
type Name = (typeof names)[number]
type Pids = Record<Name, number>

const waits = 'trap "exit 7" TERM; echo up; while :; do sleep 0.1; done'

/** Starts the containers that will see the crash; their pids. */
async function begin(docker: Docker): Promise<Pids> {
  await docker.start('goes-on', [], 'trap "exit 4" TERM; i=0; while :; do i=$((i+1)); echo $i; sleep 0.05; done')
  await docker.start('ends', [], waits)
  await docker.start('is-killed', [], waits)
  await docker.start('is-paused', [], waits)
  await docker.start('has-terminal', ['-it', '-e', 'PS1=at '], 'exec sh')
  await docker.output('exec', '-d', docker.name('goes-on'), 'sleep', '1000')
  await docker.output('pause', docker.name('is-paused'))
  for (const name of ['ends', 'is-killed'])
    await until(`${name} is up`, async () => (await docker.output('logs', docker.name(name))) === 'up\n')
  const pids = await Promise.all(names.map((name) => docker.inspect(docker.name(name), '.State.Pid')))
  return Object.fromEntries(names.map((name, index) => [name, pids[index]])) as Pids
}

/** What happens while nobody is there. */
async function meanwhile(pids: Pids): Promise<void> {
  process.kill(pids.ends, 'SIGTERM')
  process.kill(pids['is-killed'], 'SIGKILL')
  for (const name of ['ends', 'is-killed'] as const) await until(`${name} has ended`, () => !isAlive(pids[name]))
  for (const name of ['goes-on', 'is-paused', 'has-terminal'] as const) assert.ok(isAlive(pids[name]), name)
}

/** Whether a process is there that has not ended; one that nobody has waited for has. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

/** What the next dockerd makes of it. */
async function end(docker: Docker, pids: Pids): Promise<unknown> {
  const [ends, isKilled] = [docker.name('ends'), docker.name('is-killed')]
  const [goesOn, isPaused, hasTerminal] = [
    docker.name('goes-on'),
    docker.name('is-paused'),
    docker.name('has-terminal'),
  ]
  const state = async (name: string) => {
    const { Status, ExitCode, Paused } = (await docker.inspect(name, '.State')) as Record<string, unknown>
    return { Status, ExitCode, Paused }
  }
  const waited = [await docker.output('wait', ends), await docker.output('wait', isKilled)]
  assert.deepEqual(waited, ['7\n', '137\n'])
  assert.equal(await docker.inspect(goesOn, '.State.Pid'), pids['goes-on'])
  const last = async () => Number((await docker.output('logs', '--tail', '1', goesOn)).trim())
  const seen = await last()
  await until('its output goes on', async () => (await last()) > seen + 5)
  // Without the short sleeps, one of which may just have ended, or be the shell still.
  const seenProcesses = await docker.processesWith(goesOn, 'sleep 1000')
  const processes = [...new Set(seenProcesses)].filter((line) => !/^(sleep 0.05|\[sleep\])/.test(line))
  const exec = await docker.run('exec', goesOn, 'sh', '-c', 'echo in; exit 5')
  const count = JSON.parse(await docker.output('stats', '--no-stream', '--format', '{{json .PIDs}}', hasTerminal))
  const paused = [await state(isPaused), await docker.run('unpause', isPaused)]
  await docker.output('stop', isPaused)
  paused.push(await state(isPaused))
  const terminal = docker.terminal('attach', hasTerminal)
  await terminal.answers('echo still $((40+2))\n', 'still 42')
  terminal.type('exit 6\n')
  const left = await terminal.ends()
  await docker.output('stop', goesOn)
  const stopped = [await state(goesOn), await state(hasTerminal)]
  await docker.output('rm', '-f', ...names.map((name) => docker.name(name)))
  return { waited, processes, exec, count, paused, left, stopped }
}

sandboxTest('docker with --live-restore, whose dockerd is killed', async (sandbox) => {
  await withColumns(
    sandbox,
    async (columns, crash) => {
      const dockers = columns.map((column) => new Docker(sandbox, column))
      const pids = await Promise.all(dockers.map(begin))
      await crash(async () => {
        await Promise.all(pids.map(meanwhile))
      })
      const answers = await Promise.all(
        dockers.map((docker, index) => end(docker, pids[index] as Pids).catch((error: unknown) => error)),
      )
      assert.equal(compareAnswers(columns, 'killed', answers).join('\n'), '')
    },
    { flags: ['--bridge=none', '--live-restore'] },
  )
})
