// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { type CgroupStats, createCgroupManager } from '@teu/linux'
import { metricsV2 } from '@teu/shim-api'
import { metricsOf, metricsV1Of } from './metrics.ts'

const counter = (n: bigint) => ({ usage: n, max: n + 1n, limit: n + 2n, failcnt: n + 3n })
const stats: CgroupStats = {
  cpu: {
    usageNs: 9_000n,
    userNs: 5_000n,
    kernelNs: 4_000n,
    perCpuNs: [1n, 2n],
    perCpuUserNs: [],
    perCpuKernelNs: [],
    throttling: { periods: 1n, throttledPeriods: 2n, throttledNs: 3_000n },
  },
  memory: {
    ...counter(100n),
    swap: counter(150n),
    kernel: counter(20n),
    kernelTcp: counter(0n),
    stat: {
      cache: 1n,
      rss: 2n,
      pgpgin: 3n,
      pgfault: 4n,
      total_pgmajfault: 5n,
      hierarchical_memsw_limit: 6n,
      anon: 7n,
      workingset_refault: 8n,
    },
  },
  pids: { current: 3n, limit: 0n },
  blkio: {
    ioServiceBytes: [
      { major: 8, minor: 0, op: 'Read', value: 10n },
      { major: 8, minor: 0, op: 'Write', value: 20n },
      { major: 8, minor: 0, op: 'Total', value: 30n },
    ],
    ioServiced: [{ major: 8, minor: 0, op: 'Write', value: 2n }],
  },
  hugetlb: { '2MB': { usage: 1n, max: 2n, failcnt: 3n } },
}

test('statistics of cgroup v1 keep nanoseconds and every counter', () => {
  const metrics = metricsV1Of(stats, 4n)
  assert.deepEqual(metrics.cpu?.usage, { total: 9_000n, kernel: 4_000n, user: 5_000n, perCpu: [1n, 2n] })
  assert.deepEqual(metrics.memory?.swap, { limit: 152n, usage: 150n, max: 151n, failcnt: 153n })
  const { cache, pgPgIn, pgFault, totalPgMajFault, hierarchicalSwapLimit } = metrics.memory ?? {}
  assert.deepEqual([cache, pgPgIn, pgFault, totalPgMajFault, hierarchicalSwapLimit], [1n, 3n, 4n, 5n, 6n])
  assert.equal(metrics.blkio?.ioServiceBytesRecursive.length, 3)
  assert.deepEqual(metrics.hugetlb, [{ usage: 1n, max: 2n, failcnt: 3n, pagesize: '2MB' }])
  assert.equal(metrics.memoryOomControl?.oomKill, 4n)
})

/** A v2 cgroup as the kernel shows it, each file with its own numbers. */
const files: Record<string, string> = {
  'cgroup.controllers': 'cpu io memory pids hugetlb',
  'cgroup.procs': '',
  'cpu.stat': 'usage_usec 9001\nuser_usec 5002\nsystem_usec 3999\nnr_periods 4\nnr_throttled 3\nthrottled_usec 77\n',
  'memory.current': '1001\n',
  'memory.max': '2002\n',
  'memory.peak': '1500\n',
  'memory.swap.current': '11\n',
  'memory.swap.max': 'max\n',
  'memory.swap.peak': '12\n',
  'memory.stat': 'anon 21\nfile 22\nkernel_stack 23\nslab_reclaimable 24\npgfault 25\nworkingset_activate 26\n',
  'memory.events': 'low 31\nhigh 32\nmax 33\noom 34\noom_kill 35\n',
  'pids.current': '41\n',
  'pids.max': 'max\n',
  'io.stat': '8:0 rbytes=51 wbytes=52 rios=53 wios=54 dbytes=55 dios=56\n8:16 rbytes=61 wbytes=62 rios=63 wios=64\n',
}

test('statistics of cgroup v2 are what its files say, in microseconds, with swap by itself', () => {
  const folder = mkdtempSync(join(tmpdir(), 'teu-metrics-'))
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
    const any = metricsOf(createCgroupManager({ paths: { '': folder } }))
    assert.equal(any.typeUrl, metricsV2.typeUrl)
    const { pids, cpu, memory, io, memoryEvents } = metricsV2.decode(any.value)
    const noLimit = 2n ** 64n - 1n
    assert.deepEqual(pids, { current: 41n, limit: noLimit })
    assert.deepEqual(cpu, {
      ...{ usageUsec: 9001n, userUsec: 5002n, systemUsec: 3999n },
      ...{ nrPeriods: 4n, nrThrottled: 3n, throttledUsec: 77n },
    })
    assert.deepEqual(told(memory), {
      ...{ usage: 1001n, usageLimit: 2002n, maxUsage: 1500n, swapUsage: 11n, swapLimit: noLimit, swapMaxUsage: 12n },
      ...{ anon: 21n, file: 22n, kernelStack: 23n, slabReclaimable: 24n, pgfault: 25n, workingsetActivate: 26n },
    })
    assert.deepEqual(memoryEvents, { low: 31n, high: 32n, max: 33n, oom: 34n, oomKill: 35n })
    assert.deepEqual(io?.usage, [
      { major: 8n, minor: 0n, rbytes: 51n, wbytes: 52n, rios: 53n, wios: 54n },
      { major: 8n, minor: 16n, rbytes: 61n, wbytes: 62n, rios: 63n, wios: 64n },
    ])
  } finally {
    rmSync(folder, { recursive: true })
  }
})

function told(numbers: object | undefined): Record<string, bigint> {
  return Object.fromEntries(Object.entries(numbers ?? {}).filter(([, value]) => value !== 0n))
}
