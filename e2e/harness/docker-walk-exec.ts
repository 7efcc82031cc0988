// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import type { Docker } from './docker-columns.ts'
import type { Walk } from './docker-compare.ts'
import { until } from './sandbox.ts'

const capabilities = 'grep -E "^(Cap|NoNewPrivs|Seccomp:)" /proc/self/status'

/** Other processes in a container, with a terminal and without. */
export const execWalks = {
  async 'exec: streams, statuses, flags'(docker: Docker) {
    const name = await docker.start('exec', ['-e', 'GIVEN=1'], 'sleep 1000')
    const exec = (...args: string[]) => docker.run('exec', ...args)
    const results = {
      streams: await exec(name, 'sh', '-c', 'echo out; echo err >&2; exit 7'),
      input: await docker.feed('x'.repeat(100_000), 'exec', '-i', name, 'wc', '-c'),
      closed: await docker.feed('', 'exec', '-i', name, 'cat'),
      flags: await exec(
        '-e',
        'A=b c',
        '-w',
        '/tmp',
        '-u',
        'user',
        name,
        'sh',
        '-c',
        'echo $A $GIVEN; pwd; id; echo $HOME',
      ),
      numbers: await exec('-u', '7:8', name, 'id'),
      capabilities: await exec(name, 'sh', '-c', capabilities),
      ofUser: await exec('-u', 'user', name, 'sh', '-c', capabilities),
      cgroups: await exec(name, 'sh', '-c', 'cmp /proc/self/cgroup /proc/1/cgroup && echo same'),
      namespaces: await exec(
        name,
        'sh',
        '-c',
        'for n in cgroup ipc mnt net pid uts user; do [ $(readlink /proc/self/ns/$n) = $(readlink /proc/1/ns/$n) ] && echo $n; done',
      ),
      limits: await exec(name, 'sh', '-c', 'cmp /proc/self/limits /proc/1/limits; cat /proc/self/oom_score_adj'),
      missing: await exec(name, 'no-such-program'),
      missingPath: await exec(name, '/no/such'),
      denied: await exec(name, '/etc/passwd'),
      folder: await exec('-w', '/no/folder', name, 'true'),
      stranger: await exec('-u', 'nobody-here', name, 'true'),
      signal: await exec(name, 'sh', '-c', 'kill -9 $$'),
      ends: await exec(name, 'sh', '-c', 'exec 1>&- 2>&-; exit 3'),
    }
    assert.equal(results.streams.status, 7)
    assert.equal(results.input.stdout, '100000\n')
    assert.match(results.missing.stdout + results.missing.stderr, /executable file not found in \$PATH/)
    assert.equal(results.signal.status, 137)
    await docker.output('exec', '-d', name, 'sh', '-c', 'echo left >/tmp/file; sleep 1001')
    await until('the detached program', async () => (await exec(name, 'cat', '/tmp/file')).stdout === 'left\n')
    const processes = await docker.processesWith(name, 'sleep 1000', 'sleep 1001')
    await docker.output('kill', name)
    await docker.output('wait', name)
    const stopped = await exec(name, 'true')
    await docker.output('rm', name)
    return { ...results, processes, stopped }
  },

  async 'exec --privileged'(docker: Docker) {
    const name = await docker.start('exec-privileged', [], 'sleep 1000')
    // Whoever lacks a capability cannot give it: a machine may have taken some from its root.
    const privileged = await docker.run('exec', '--privileged', name, 'sh', '-c', capabilities)
    await docker.output('rm', '-f', name)
    return privileged
  },

  async 'run -it'(docker: Docker) {
    const terminal = docker.terminal(...docker.words('terminal', ['-it', '--rm', '-e', 'PS1=at '], 'sh'))
    await terminal.shows('at ')
    // dockerd tells a terminal its size only once the program runs.
    await terminal.answers('stty size\n', '30 100')
    terminal.type('tty; ls -l /dev/console | cut -c 1-10; echo $TERM; test -t 2 && echo tty2\n')
    await terminal.shows(/\/dev\/pts\/0\s+crw--w----\s+xterm\s+tty2/)
    await terminal.takesSize()
    // What the terminal makes of keys goes to the program, which goes on.
    terminal.type('sleep 1000\n')
    await until('sleep runs', async () => (await docker.output('top', docker.name('terminal'))).includes('sleep 1000'))
    terminal.type('\x03echo after $?\n')
    await terminal.shows('after 130')
    terminal.type('exit 3\n')
    assert.equal(await terminal.ends(), 3)
    await until('it is removed', async () => (await docker.run('inspect', docker.name('terminal'))).status === 1)
    return null
  },

  async 'run -it, detached from and attached to again'(docker: Docker) {
    const first = docker.terminal(...docker.words('detach', ['-it', '-e', 'PS1=at '], 'sh'))
    await first.shows('at ')
    first.type('KEPT=kept\n')
    await first.shows('KEPT=kept')
    first.type('\x10\x11')
    const detached = await first.ends()
    const name = docker.name('detach')
    assert.equal(await docker.inspect(name, '.State.Running'), true)
    const second = docker.terminal('attach', name)
    await second.answers('echo still $KEPT\n', 'still kept')
    second.type('exit 4\n')
    const status = await second.ends()
    const log = await docker.output('logs', name)
    assert.match(log, /still kept/)
    await docker.output('rm', name)
    return { detached, status }
  },

  async 'exec -it'(docker: Docker) {
    const name = await docker.start('exec-terminal', ['-e', 'PS1=in '], 'sleep 1000')
    const terminal = docker.terminal('exec', '-it', name, 'sh')
    await terminal.shows('in ')
    // dockerd tells a terminal its size only once the program runs.
    await terminal.answers('stty size\n', '30 100')
    await terminal.takesSize()
    terminal.type('tty; ls /dev/pts; stty -a | grep -o "intr = ^C"; exit 5\n')
    const status = await terminal.ends()
    const [, shown = ''] =
      /(\/dev\/pts\/\d+[\s\S]*)/.exec(terminal.seen.slice(terminal.seen.lastIndexOf('tty; ls'))) ?? []
    const missing = docker.terminal('exec', '-it', name, 'no-such-program')
    const missed = await missing.ends()
    const said = docker.plain(missing.seen)
    await docker.output('rm', '-f', name)
    return { status, shown, missed, said }
  },

  async 'attach without a terminal, and --sig-proxy'(docker: Docker) {
    const name = await docker.start(
      'attach',
      [],
      'trap "echo hung up; exit 6" HUP; echo up; while :; do sleep 0.1; done',
    )
    const attached = docker.run('attach', name)
    await until('it is up', async () => (await docker.output('logs', name)) === 'up\n')
    // dockerd says that it attaches before it does: what the CLI may miss is in the log.
    await until('it attaches', async () => (await docker.actions(name)).includes('attach'))
    await docker.output('kill', '-s', 'HUP', name)
    const { status, stderr } = await attached
    const logs = await docker.output('logs', name)
    await docker.output('rm', name)
    return { status, stderr, logs }
  },
} satisfies Record<string, Walk>
