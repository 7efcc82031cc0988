// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import type { Docker } from './docker-columns.ts'
import type { Walk } from './docker-compare.ts'
import { until } from './sandbox.ts'

const files =
  'cd /sys/fs/cgroup; cat memory/memory.limit_in_bytes memory/memory.memsw.limit_in_bytes memory/memory.soft_limit_in_bytes cpu/cpu.shares cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us cpuset/cpuset.cpus pids/pids.max'

/** Limits as they are told, changed, reached and measured. */
export const limitWalks: Record<string, Walk> = {
  async update(docker) {
    const first = ['--memory', '64m', '--cpus', '0.5', '--pids-limit', '50']
    const name = await docker.start('update', first, 'sleep 1000')
    const read = () => docker.run('exec', name, 'sh', '-c', files)
    const update = (...flags: string[]) => docker.run('update', ...flags, name)
    const before = await read()
    const said = await update('--memory', '32m', '--memory-swap', '64m', '--memory-reservation', '16m')
    const memory = await read()
    await docker.output('update', '--cpus', '0.75', '--cpu-shares', '256', '--cpuset-cpus', '0', name)
    const cpu = await read()
    assert.match(cpu.stdout, /^33554432\n67108864\n16777216\n256\n75000\n100000\n0\n50\n$/)
    await docker.output('update', '--pids-limit', '20', name)
    const pids = await read()
    await docker.output('update', '--pids-limit', '-1', name)
    const unlimited = await read()
    assert.match(unlimited.stdout, /\nmax\n$/)
    // Below what is in use, and out of the order in which the kernel takes the two limits.
    await docker.output('exec', name, 'dd', 'if=/dev/zero', 'of=/dev/shm/file', 'bs=1M', 'count=20')
    const below = await update('--memory', '8m', '--memory-swap', '8m')
    below.stderr = below.stderr.replaceAll(/(current|peak) usage: \d+/g, '$1 usage')
    const raised = await update('--memory', '128m', '--memory-swap', '256m')
    const lowered = await update('--memory', '64m', '--memory-swap', '64m')
    const after = await read()
    const paused = [
      await docker.run('pause', name),
      await update('--cpu-shares', '300'),
      await docker.run('unpause', name),
    ]
    const inspected = await docker.inspect(name, '.HostConfig.CpuShares')
    await docker.output('rm', '-f', name)
    return { before, said, memory, cpu, pids, unlimited, below, raised, lowered, after, paused, inspected }
  },

  async 'update while it is down, seen once it runs'(docker) {
    const name = docker.name('update-down')
    await docker.output('create', ...docker.words('update-down', ['--memory', '64m'], 'sh', '-c', files).slice(1))
    await docker.output('update', '--memory', '32m', '--memory-swap', '32m', '--pids-limit', '30', name)
    const seen = await docker.run('start', '-a', name)
    assert.match(seen.stdout, /^33554432\n33554432\n/)
    await docker.output('rm', name)
    return seen
  },

  async 'stats --no-stream'(docker) {
    const name = await docker.start('stats', ['--memory', '64m'], 'sleep 1000 & sleep 1001 & wait')
    await until('three processes', async () => (await docker.processes(name)).length === 3)
    const stats = await docker.output('stats', '--no-stream', '--format', '{{json .}}', name)
    const { CPUPerc, MemPerc, MemUsage, BlockIO, ...others } = JSON.parse(stats)
    assert.match(CPUPerc, /^\d+\.\d\d%$/)
    // Of this container and of no other: a few programs of busybox.
    const [, used, unit] = /^([\d.]+)(KiB|MiB) \/ 64MiB$/.exec(MemUsage) ?? []
    assert.ok(unit === 'KiB' || Number(used) < 8, MemUsage)
    assert.ok(Number.parseFloat(MemPerc) > 0 && Number.parseFloat(MemPerc) < 12.5, MemPerc)
    assert.match(BlockIO, /^[\d.]+k?M?B \/ [\d.]+k?M?B$/)
    assert.equal(others.PIDs, '3')
    await docker.output('pause', name)
    const paused = JSON.parse(await docker.output('stats', '--no-stream', '--format', '{{json .}}', name)).PIDs
    await docker.output('rm', '-f', name)
    return { others, paused }
  },

  async 'out of memory: the program'(docker) {
    const name = await startsToRunOut(docker, 'oom', 'exec tail /dev/zero')
    const waited = await docker.output('wait', name)
    const state = await ended(docker, name)
    const told = await docker.actions(name)
    // The shim of the original may tell of it after the end, when dockerd no longer takes it down.
    if (docker.isOurShim) {
      assert.equal(state.OOMKilled, true)
      assert.ok(told.includes('oom') && told.indexOf('oom') < told.indexOf('die'), told.join(' '))
    }
    await docker.output('rm', name)
    return { waited, code: state.ExitCode, status: state.Status }
  },

  async 'out of memory: one of its children'(docker) {
    const script = 'tail /dev/zero; echo $?; until [ -e /told ]; do sleep 0.05; done; exit 4'
    const name = await startsToRunOut(docker, 'oom-child', script)
    await until('the event', async () => (await docker.actions(name)).includes('oom'))
    await docker.output('exec', name, 'touch', '/told')
    const waited = await docker.output('wait', name)
    const [state, logs] = [await ended(docker, name), await docker.output('logs', name)]
    assert.deepEqual([state.OOMKilled, logs], [true, '137\n'])
    await docker.output('rm', name)
    return { waited, state, logs }
  },

  async 'out of memory: another program in the container'(docker) {
    const name = await docker.start('oom-exec', ['--memory', '16m', '--memory-swap', '16m'], 'sleep 1000')
    const exec = await docker.run('exec', name, 'tail', '/dev/zero')
    const running = await docker.inspect(name, '.State.Running')
    const events = await until('the event', async () => (await docker.actions(name)).find((action) => action === 'oom'))
    await docker.output('rm', '-f', name)
    return { exec, running, events }
  },
}

/** Starts a container of 16 MiB that runs a script which needs more. */
async function startsToRunOut(docker: Docker, container: string, script: string): Promise<string> {
  // The shim of the original listens only once the program runs, and would miss what happens at once.
  const flags = ['--memory', '16m', '--memory-swap', '16m']
  const name = await docker.start(container, flags, `until [ -e /go ]; do sleep 0.05; done; ${script}`)
  await docker.output('exec', name, 'touch', '/go')
  return name
}

async function ended(docker: Docker, name: string) {
  const { OOMKilled, ExitCode, Status } = (await docker.inspect(name, '.State')) as Record<string, unknown>
  return { OOMKilled, ExitCode, Status }
}
