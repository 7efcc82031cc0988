// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { availableParallelism } from 'node:os'
import { test } from 'node:test'
import { rooted } from './kit/root.ts'
import { Workshop } from './kit/workshop.ts'

// Fields of /proc/<pid>/stat behind the name: 19 nice, 40 real-time priority, 41 policy (proc_pid_stat(5)).
const statFields = 'set -- $(cat /proc/self/stat); shift 18; echo -n "$1 "; shift 21; echo "$1 $2"'

test('the scheduler is the one of the spec, for init and for an exec', rooted, async () => {
  await using workshop = new Workshop()
  const batch = await workshop.run(['sh', '-c', statFields], (spec) => {
    spec.process.scheduler = { policy: 'SCHED_BATCH', nice: 5 }
  })
  assert.equal(batch.output, '5 0 3\n')
  const idle = await workshop.run(['sh', '-c', statFields], (spec) => {
    spec.process.scheduler = { policy: 'SCHED_IDLE' }
  })
  assert.equal(idle.output, '0 0 5\n')
  // With the flag, a child with a negative nice value is an ordinary process again, and `cat` is one.
  const reset = await workshop.run(['sh', '-c', statFields], (spec) => {
    spec.process.scheduler = { policy: 'SCHED_OTHER', nice: -5, flags: ['SCHED_FLAG_RESET_ON_FORK'] }
  })
  assert.equal(reset.output, '0 0 0\n')
  const id = await workshop.running()
  const scheduler = { policy: 'SCHED_BATCH', nice: 7 } as const
  const exec = await workshop.exec(id, [], { process: { args: ['sh', '-c', statFields], scheduler } })
  assert.equal(exec.output, '7 0 3\n')
})

test('a policy that the kernel refuses is an error of the container', rooted, async () => {
  await using workshop = new Workshop()
  const refused = workshop.run(['true'], (spec) => {
    spec.process.scheduler = { policy: 'SCHED_DEADLINE', runtime: 5, deadline: 3, period: 4 }
  })
  await assert.rejects(refused, /error during container init: sched_setattr: invalid argument/)
})

test('the I/O priority is the one of the spec', rooted, async () => {
  await using workshop = new Workshop()
  const read = async (name: 'IOPRIO_CLASS_BE' | 'IOPRIO_CLASS_IDLE', priority: number) => {
    const { output } = await workshop.run(['ionice'], (spec) => {
      spec.process.ioPriority = { class: name, priority }
    })
    return output
  }
  assert.equal(await read('IOPRIO_CLASS_BE', 2), 'best-effort: prio 2\n')
  assert.match(await read('IOPRIO_CLASS_IDLE', 0), /^idle/)
})

test('the execution domain is the one of the spec', rooted, async () => {
  await using workshop = new Workshop()
  const { output } = await workshop.run(['uname', '-m'], (spec) => {
    spec.linux.personality = { domain: 'LINUX32' }
  })
  assert.match(output, /^(i686|armv8l)\n$/)
})

test('an exec runs on the processors that it or the container names', rooted, async (t) => {
  if (availableParallelism() < 2) return t.skip('needs two processors')
  await using workshop = new Workshop()
  const args = ['grep', 'Cpus_allowed_list', '/proc/self/status']
  const id = await workshop.running((spec) => {
    spec.process.execCPUAffinity = { initial: '0', final: '1' }
  })
  const read = async (execCPUAffinity?: { initial?: string; final?: string }) => {
    const process = execCPUAffinity ? { args, execCPUAffinity } : { args }
    return (await workshop.exec(id, [], { process })).output.split('\t')[1]
  }
  assert.equal(await read(), '1\n')
  // Before Linux 6.2, joining a cpuset gave all of its processors back.
  assert.match((await read({ initial: '0' })) ?? '', /^0(-\d+)?\n$/)
  assert.equal(await read({ final: '0-1' }), '0-1\n')
  assert.notEqual((await workshop.run(args)).output.split('\t')[1], '1\n', 'init runs where the runtime does')
  await assert.rejects(read({ final: '4000' }), /sched_setaffinity: invalid argument/)
})

test('the clocks of a time namespace differ from those outside', rooted, async () => {
  await using workshop = new Workshop()
  const { output } = await workshop.run(['cat', '/proc/self/timens_offsets', '/proc/uptime'], (spec) => {
    spec.linux.namespaces?.push({ type: 'time' })
    spec.linux.timeOffsets = { monotonic: { secs: 172_800, nanosecs: 5 }, boottime: { secs: 86_400 } }
  })
  assert.match(output, /^monotonic +172800 +5\nboottime +86400 +0\n/)
  const id = await workshop.running((spec) => {
    spec.linux.namespaces?.push({ type: 'time' })
    spec.linux.timeOffsets = { boottime: { secs: 86_400 } }
  })
  const uptime = (await workshop.exec(id, ['cat', '/proc/uptime'])).output
  assert.ok(Number(uptime.split(' ')[0]) > 86_400, 'an exec is in it too')
})
