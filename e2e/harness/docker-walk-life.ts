// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import type { Docker } from './docker-columns.ts'
import type { Walk } from './docker-compare.ts'
import { until } from './sandbox.ts'

/** What becomes of containers: signals, pauses, restarts, ends. */
export const lifeWalks: Record<string, Walk> = {
  async 'pause and unpause'(docker) {
    const name = await docker.start('pause', [], 'i=0; while :; do i=$((i+1)); echo $i >/tmp/i; sleep 0.05; done')
    const read = () => docker.output('cp', `${name}:/tmp/i`, '-')
    const paused = await docker.run('pause', name)
    const [first, status] = [await read(), await docker.inspect(name, '.State')]
    const twice = await docker.run('pause', name)
    const exec = await docker.run('exec', name, 'true')
    const top = (await docker.processes(name)).some((line) => line.startsWith('sh -c i=0'))
    assert.equal(await read(), first)
    const unpaused = await docker.run('unpause', name)
    await until('it goes on', async () => (await read()) !== first)
    const again = await docker.run('unpause', name)
    await docker.output('pause', name)
    const killed = [await docker.run('kill', name), await docker.run('wait', name)]
    await docker.output('start', name)
    await docker.output('pause', name)
    const stopped = [await docker.run('stop', '-t', '1', name), await docker.run('wait', name)]
    await docker.output('start', name)
    await docker.output('pause', name)
    const removed = await docker.run('rm', '-f', name)
    const { Status, Running, Paused } = status as Record<string, unknown>
    return { paused, state: { Status, Running, Paused }, twice, exec, top, unpaused, again, killed, stopped, removed }
  },

  async 'kill -s, kill, stop -t'(docker) {
    const script = 'trap "echo user" USR1; trap "echo told; exit 9" INT; echo up; while :; do sleep 0.1; done'
    const name = await docker.start('kill', [], script)
    const logged = (text: string) => until(text, async () => (await docker.output('logs', name)).endsWith(text))
    await logged('up\n')
    const user = await docker.run('kill', '-s', 'USR1', name)
    await logged('user\n')
    const number = await docker.run('kill', '-s', '10', name)
    await logged('user\nuser\n')
    // The first process of a pid namespace does not see a signal for which it has no handler.
    const ignored = await docker.run('kill', '-s', 'TERM', name)
    const running = await docker.inspect(name, '.State.Running')
    const unknown = await docker.run('kill', '-s', 'NOPE', name)
    const int = await docker.run('kill', '-s', 'INT', name)
    const waited = [await docker.output('wait', name)]
    const stopped = await docker.run('kill', name)
    await docker.output('start', name)
    await docker.output('kill', name)
    waited.push(await docker.output('wait', name))
    await docker.output('start', name)
    // SIGTERM does nothing, so the end is a kill.
    const stop = await docker.run('stop', '-t', '1', name)
    waited.push(await docker.output('wait', name))
    assert.deepEqual(waited, ['9\n', '137\n', '137\n'])
    const twice = await docker.run('stop', name)
    await docker.output('rm', name)
    return { user, number, ignored, running, unknown, int, stopped, stop, waited, twice }
  },

  async '--stop-signal, --stop-timeout'(docker) {
    const script = 'trap "echo quit; exit 8" QUIT; echo up; while :; do sleep 0.1; done'
    const name = await docker.start('stop', ['--stop-signal', 'QUIT', '--stop-timeout', '20'], script)
    await until('it is up', async () => (await docker.output('logs', name)) === 'up\n')
    await docker.output('stop', name)
    const waited = await docker.output('wait', name)
    assert.equal(waited, '8\n')
    await docker.output('rm', name)
    return waited
  },

  async 'restart and start again'(docker) {
    const name = await docker.start(
      'restart',
      [],
      'n=$(cat /n 2>/dev/null || echo 0); echo $((n+1)) | tee /n; sleep 1000',
    )
    const pid = () => docker.inspect(name, '.State.Pid')
    const logged = (text: string) => until(text, async () => (await docker.output('logs', name)) === text)
    await logged('1\n')
    const first = await pid()
    const restarted = await docker.run('restart', '-t', '0', name)
    await logged('1\n2\n')
    assert.notEqual(await pid(), first)
    await docker.output('kill', name)
    await docker.output('wait', name)
    const started = await docker.run('start', name)
    await logged('1\n2\n3\n')
    const count = await docker.inspect(name, '.RestartCount')
    await docker.output('rm', '-f', name)
    return { restarted, started, count }
  },

  async '--restart on-failure:2'(docker) {
    const name = await docker.start('policy', ['--restart', 'on-failure:2'], 'echo try; exit 3')
    await until('it was tried often enough', async () => (await docker.inspect(name, '.RestartCount')) === 2)
    await until('it is over', async () => (await docker.inspect(name, '.State.Status')) === 'exited')
    const [logs, code] = [await docker.output('logs', name), await docker.inspect(name, '.State.ExitCode')]
    assert.deepEqual([logs, code], ['try\ntry\ntry\n', 3])
    const done = await docker.start('policy-done', ['--restart', 'on-failure:2'], 'echo once')
    await docker.output('wait', done)
    const once = await docker.output('logs', done)
    await docker.output('rm', name, done)
    return { logs, code, once }
  },

  async 'what it leaves behind ends with it'(docker) {
    const name = await docker.start('leaves', [], 'sleep 1000 & (trap "" TERM HUP; sleep 1001) & exit 5')
    const waited = await docker.output('wait', name)
    assert.equal(waited, '5\n')
    // Without a pid namespace of its own, nobody but the runtime ends the rest.
    const host = await docker.start('host-pids', ['--pid', 'host'], 'sleep 1002 & sleep 1003 & echo up; wait')
    await until('it is up', async () => (await docker.output('logs', host)) === 'up\n')
    const processes = await docker.processesWith(host, 'sleep 1002', 'sleep 1003')
    await docker.output('kill', host)
    const killed = await docker.output('wait', host)
    const alone = await docker.start('host-exits', ['--pid', 'host'], '(trap "" TERM; sleep 1004) & exit 6')
    const exited = await docker.output('wait', alone)
    await docker.output('rm', name, host, alone)
    return { waited, processes, killed, exited }
  },

  async 'a start that fails'(docker) {
    const states: unknown[] = []
    for (const [container, command] of Object.entries({ absent: 'no-such-program', denied: '/etc/passwd' })) {
      const name = docker.name(container)
      await docker.output('create', ...docker.words(container, [], command).slice(1))
      const failed = await docker.run('start', name)
      const { Status, ExitCode, Error: reason } = (await docker.inspect(name, '.State')) as Record<string, string>
      states.push([failed, Status, ExitCode, docker.plain(reason ?? '')])
      await docker.output('rm', name)
    }
    return states
  },

  async 'health checks'(docker) {
    const flags = ['--health-cmd', 'test -e /well && echo well', '--health-interval', '200ms', '--health-retries', '2']
    const name = await docker.start('health', flags, 'sleep 1000')
    const becomes = (container: string, status: string) =>
      until(status, async () => (await docker.inspect(container, '.State.Health.Status')) === status)
    await becomes(name, 'unhealthy')
    const bad = await lastCheck(docker, name)
    await docker.output('exec', name, 'touch', '/well')
    await becomes(name, 'healthy')
    const good = await lastCheck(docker, name)
    // Long enough for a check to have begun on a busy machine: a dockerd that gives up before may hang.
    const late = ['--health-cmd', 'echo slow; sleep 1000', '--health-timeout', '2s', '--health-interval', '200ms']
    const slow = await docker.start('health-slow', [...late, '--health-retries', '1'], 'sleep 1000')
    await becomes(slow, 'unhealthy')
    const timeout = await lastCheck(docker, slow)
    await docker.output('rm', '-f', name, slow)
    return { bad, good, timeout }
  },

  async 'streams as long as they are'(docker) {
    const script = 'seq 1 200000; seq 1 1000 >&2'
    const long = await docker.run(...docker.words('long', ['--rm'], 'sh', '-c', script))
    assert.ok(long.stdout.endsWith('\n199999\n200000\n') && long.stderr.endsWith('\n1000\n'))
    const lengths = [long.stdout.length, long.stderr.length]
    const input = await docker.feed('x'.repeat(1 << 20), ...docker.words('input', ['-i', '--rm'], 'wc', '-c'))
    assert.equal(input.stdout, '1048576\n')
    const unread = await docker.feed('x'.repeat(1 << 20), ...docker.words('unread', ['-i', '--rm'], 'true'))
    const brief = await Promise.all(
      Array.from({ length: 4 }, (_, code) =>
        docker.run(...docker.words(`brief${code}`, ['--rm'], 'sh', '-c', `echo ${code}; exit ${code}`)),
      ),
    )
    return { lengths, input, unread: unread.status, brief }
  },
}

/** The last result of a container's check. */
async function lastCheck(docker: Docker, name: string): Promise<unknown> {
  const log = (await docker.inspect(name, '.State.Health.Log')) as { ExitCode: number; Output: string }[]
  const { ExitCode, Output } = log.at(-1) ?? {}
  return { ExitCode, Output }
}
