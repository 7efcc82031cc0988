// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import type { Podman } from './podman.ts'
import { until } from './sandbox.ts'

/** Something done with podman; what it answers must be the same with every runtime. */
export type PodmanWalk = (podman: Podman) => Promise<unknown>

export const podmanWalks: Record<string, PodmanWalk> = {
  async 'run: streams, statuses, errors'(podman) {
    const once = (flags: string[], ...command: string[]) => podman.run(...podman.words(['--rm', ...flags], ...command))
    const results = {
      streams: await once([], 'sh', '-c', 'echo out; echo err >&2; exit 42'),
      missing: await once([], 'no-such-program'),
      missingPath: await once([], '/no/such'),
      denied: await once([], '/etc/passwd'),
      folder: await once(['--workdir', '/etc/passwd'], 'true'),
      signal: await once(['--init=false'], 'sh', '-c', '(sleep 1000; :) & kill -9 $!; wait $!'),
      flags: await once(
        ['--user', 'user', '--cap-drop', 'all', '--security-opt', 'no-new-privileges', '--read-only'],
        'sh',
        '-c',
        'id; grep -E "^(Cap|NoNewPrivs|Seccomp:)" /proc/self/status; touch /x',
      ),
      unconfined: await once(
        ['--security-opt', 'seccomp=unconfined', '--security-opt', 'unmask=all'],
        'sh',
        '-c',
        'grep Seccomp: /proc/self/status; cut -d " " -f 5 /proc/self/mountinfo | sort',
      ),
      // Without the tmpfs above the cgroups, which the original leaves writable whatever it was asked for.
      mounts: await once(
        [],
        'sh',
        '-c',
        'cut -d " " -f 5-6 /proc/self/mountinfo | grep -v "/sys/fs/cgroup " | sort; ls -l /dev | cut -c 1-30,43-; env | sort | grep -v HOSTNAME',
      ),
      sysctl: await once(
        ['--sysctl', 'kernel.msgmax=9000', '--hostname', 'box', '--shm-size', '1m'],
        'sh',
        '-c',
        'cat /proc/sys/kernel/msgmax; hostname; df -k /dev/shm | tail -1',
      ),
    }
    assert.equal(results.streams.status, 42)
    assert.deepEqual([results.missing.status, results.denied.status], [127, 126])
    return results
  },

  async 'run -it, exec -it'(podman) {
    const terminal = podman.terminal(...podman.words(['-it', '--rm', '--name', 'terminal', '-e', 'PS1=at '], 'sh'))
    await terminal.shows('at ')
    await terminal.answers('stty size; tty\n', /30 100\s+\/dev\/(pts\/0|console)/)
    await terminal.takesSize()
    const other = podman.terminal('exec', '-it', '-e', 'PS1=in ', 'terminal', 'sh')
    await other.shows('in ')
    other.type('test -t 0 && echo is a $((0))tty; exit 5\n')
    const inner = await other.ends()
    assert.match(other.seen, /is a 0tty/)
    terminal.type('exit 3\n')
    return [inner, await terminal.ends()]
  },

  async 'exec, logs, pause, kill, inspect, wait'(podman) {
    const script = 'trap "echo told; exit 9" USR1; echo one; while :; do sleep 0.1; done'
    await podman.output(...podman.words(['-d', '--name', 'c', '-e', 'GIVEN=1'], 'sh', '-c', script))
    await until('the log', async () => (await podman.output('logs', 'c')) === 'one\n')
    const exec = {
      streams: await podman.run('exec', 'c', 'sh', '-c', 'echo out; echo err >&2; exit 9'),
      flags: await podman.run(
        'exec',
        '-u',
        'user',
        '-w',
        '/tmp',
        '-e',
        'A=b',
        'c',
        'sh',
        '-c',
        'id; pwd; echo $A $GIVEN',
      ),
      missing: await podman.run('exec', 'c', 'no-such-program'),
      denied: await podman.run('exec', 'c', '/etc/passwd'),
      detached: (await podman.run('exec', '-d', 'c', 'sleep', '1000')).status,
    }
    // Without the short sleeps, one of which may just have ended, or be the shell still.
    const lines = await until('the detached program', async () => {
      const top = (await podman.output('top', 'c', 'args')).split('\n').map((line) => line.trim())
      return top.includes('sleep 1000') && top
    })
    const top = [...new Set(lines)].filter((line) => !/^(sleep 0.1|\[sleep\])$/.test(line)).sort()
    const paused = [
      await podman.run('pause', 'c'),
      await podman.run('exec', 'c', 'true'),
      await podman.run('unpause', 'c'),
    ]
    // podman looks for CRIU first, which is not there; our runtime refuses by itself.
    const checkpoint = await podman.run('container', 'checkpoint', 'c')
    assert.notEqual(checkpoint.status, 0)
    await podman.output('kill', '-s', 'USR1', 'c')
    const waited = await podman.output('wait', 'c')
    const inspected = await podman.output(
      'inspect',
      '-f',
      '{{.State.Status}} {{.State.ExitCode}} {{.State.OOMKilled}}',
      'c',
    )
    assert.equal(inspected, 'exited 9 false\n')
    const logs = await podman.output('logs', 'c')
    const stopped = [
      await podman.run('exec', 'c', 'true'),
      await podman.run('kill', 'c'),
      await podman.run('pause', 'c'),
    ]
    await podman.output('start', 'c')
    const stop = await podman.run('stop', '-t', '1', 'c')
    const code = await podman.output('inspect', '-f', '{{.State.ExitCode}}', 'c')
    await podman.output('start', 'c')
    const restarted = await podman.run('restart', '-t', '0', 'c')
    const refused = await podman.run('rm', 'c')
    const removed = await podman.run('rm', '-f', '-t', '0', 'c')
    return {
      exec,
      top,
      paused,
      checkpoint,
      waited,
      logs,
      stopped,
      stop: stop.status,
      code,
      restarted,
      refused,
      removed,
    }
  },

  async 'limits: --memory, --pids-limit, --cpus, update'(podman) {
    const files = 'cd /sys/fs/cgroup; cat memory/memory.limit_in_bytes pids/pids.max cpu/cpu.cfs_quota_us'
    const flags = ['--memory', '64m', '--pids-limit', '50', '--cpus', '0.5']
    const told = await podman.run(...podman.words(['--rm', ...flags], 'sh', '-c', files))
    assert.equal(told.stdout, '67108864\n50\n50000\n')
    const bomb = await podman.run(
      ...podman.words(
        ['--rm', '--pids-limit', '10'],
        'sh',
        '-c',
        'i=0; while [ $i -lt 40 ]; do sleep 30 & i=$((i+1)); done',
      ),
    )
    assert.match(bomb.stderr, /can't fork: Resource temporarily unavailable/)
    await podman.output(...podman.words(['-d', '--name', 'limited', ...flags], 'sleep', '1000'))
    const updated = await podman.run('update', '--memory', '32m', '--memory-swap', '64m', '--cpus', '0.25', 'limited')
    const after = await podman.run('exec', 'limited', 'sh', '-c', files)
    assert.equal(after.stdout, '33554432\n50\n25000\n')
    const stats = await podman.run('stats', '--no-stream', '--format', '{{.Name}} {{.PIDs}}', 'limited')
    await podman.output('rm', '-f', '-t', '0', 'limited')
    const killed = await podman.run(
      ...podman.words(['--name', 'oom', '--memory', '16m', '--memory-swap', '16m'], 'tail', '/dev/zero'),
    )
    const state = await podman.output('inspect', '-f', '{{.State.ExitCode}} {{.State.OOMKilled}}', 'oom')
    assert.match(state, /^137 /)
    await podman.output('rm', 'oom')
    return { told, bomb, updated, after, stats, killed, state }
  },

  async '--userns'(podman) {
    const script =
      'cat /proc/self/uid_map /proc/self/gid_map; id -u; touch /x; stat -c %u /x /proc; ls -l /dev/null | cut -c 1-10'
    const map = ['--uidmap', '0:200000:5000', '--gidmap', '0:200000:5000']
    const mapped = await podman.run(...podman.words(['--rm', ...map], 'sh', '-c', script))
    assert.match(mapped.stdout, /^ +0 +200000 +5000\n/)
    const user = await podman.run(...podman.words(['--rm', ...map, '--user', 'user'], 'sh', '-c', 'id; touch /x'))
    await podman.output(...podman.words(['-d', '--name', 'mapped', ...map], 'sleep', '1000'))
    const exec = await podman.run('exec', 'mapped', 'cat', '/proc/self/uid_map')
    const joined = await podman.run(
      ...podman.words(
        ['--rm', '--userns', 'container:mapped', '--pid', 'container:mapped', '--ipc', 'container:mapped'],
        'sh',
        '-c',
        'cat /proc/self/uid_map; cat /proc/1/comm',
      ),
    )
    // What joined its namespaces may be on its way out still, and podman does not wait for the mounts.
    await until('it is removed', async () => (await podman.run('rm', '-f', '-t', '0', 'mapped')).status === 0)
    const host = await podman.run(...podman.words(['--rm', '--userns', 'host'], 'cat', '/proc/self/uid_map'))
    return { mapped, user, exec, joined, host }
  },

  async 'pod create, run, ps, stop, rm'(podman) {
    const infra = ['--infra-image', 'busybox', '--infra-command', 'sleep 1000', '--infra-name', 'infra']
    await podman.output('pod', 'create', '--name', 'pod', ...podman.place, ...infra)
    const run = (name: string, ...command: string[]) =>
      podman.output('run', '-d', '--pod', 'pod', '--name', name, 'busybox', ...command)
    await run('first', 'sh', '-c', 'echo served >/dev/shm/file; sleep 1001')
    await run('second', 'sh', '-c', 'until cat /dev/shm/file; do sleep 0.1; done; hostname; sleep 1002')
    await until('the other has read it', async () => (await podman.output('logs', 'second')) === 'served\npod\n')
    const shared = await podman.run(
      'exec',
      'second',
      'sh',
      '-c',
      'readlink /proc/self/ns/ipc /dev/null; ip -o link | wc -l',
    )
    const listed = await podman.output(
      'ps',
      '--pod',
      '--filter',
      'pod=pod',
      '--format',
      '{{.Names}} {{.PodName}}',
      '--sort',
      'names',
    )
    assert.equal(listed, 'first pod\ninfra pod\nsecond pod\n')
    const pods = await podman.output('pod', 'ps', '--format', '{{.Name}} {{.Status}} {{.NumberOfContainers}}')
    const paused = [
      (await podman.run('pod', 'pause', 'pod')).status,
      (await podman.run('pod', 'unpause', 'pod')).status,
    ]
    await podman.output('kill', 'first')
    await podman.output('wait', 'first')
    const degraded = await podman.output('pod', 'ps', '--format', '{{.Name}} {{.Status}}')
    const stopped = (await podman.run('pod', 'stop', '-t', '0', 'pod')).status
    const codes = await podman.output(
      'ps',
      '-a',
      '--filter',
      'pod=pod',
      '--format',
      '{{.Names}} {{.ExitCode}}',
      '--sort',
      'names',
    )
    await podman.output('pod', 'rm', '-f', '-t', '0', 'pod')
    return { shared: shared.stdout.split('\n').length, listed, pods, paused, degraded, stopped, codes }
  },

  async 'health checks'(podman) {
    const flags = ['--health-cmd', 'test -e /well', '--health-interval', 'disable', '--health-retries', '1']
    await podman.output(...podman.words(['-d', '--name', 'health', ...flags], 'sleep', '1000'))
    const bad = await podman.run('healthcheck', 'run', 'health')
    await podman.output('exec', 'health', 'touch', '/well')
    const good = await podman.run('healthcheck', 'run', 'health')
    assert.deepEqual([bad.status, good.status], [1, 0])
    const status = await podman.output('inspect', '-f', '{{.State.Health.Status}}', 'health')
    await podman.output('rm', '-f', '-t', '0', 'health')
    return { bad, good, status }
  },

  async 'cp, diff, --init, --rm'(podman) {
    await podman.output(
      ...podman.words(['-d', '--name', 'files', '--init=false'], 'sh', '-c', 'echo mine >/made; sleep 1000'),
    )
    await until('it is made', async () => (await podman.run('exec', 'files', 'cat', '/made')).stdout === 'mine\n')
    const out = await podman.run('cp', 'files:/made', '-')
    const diff = (await podman.output('diff', 'files')).split('\n').sort()
    assert.ok(out.stdout.includes('mine\n'))
    await podman.output('rm', '-f', '-t', '0', 'files')
    await podman.output(...podman.words(['-d', '--rm', '--name', 'brief'], 'true'))
    await until('it is removed', async () => (await podman.output('ps', '-aq', '--filter', 'name=brief')) === '')
    return diff
  },
}
