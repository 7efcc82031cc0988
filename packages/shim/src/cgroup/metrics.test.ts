// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CgroupStats } from '@teu/linux'
import { metricsV1Of, metricsV2Of } from './metrics.ts'

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

test('statistics of cgroup v2 are microseconds, with swap by itself and one entry a device', () => {
  const metrics = metricsV2Of(stats, 0n)
  assert.deepEqual([metrics.cpu?.usageUsec, metrics.cpu?.userUsec, metrics.cpu?.throttledUsec], [9n, 5n, 3n])
  assert.deepEqual([metrics.memory?.usage, metrics.memory?.swapUsage, metrics.memory?.anon], [100n, 50n, 7n])
  assert.equal(metrics.memory?.workingsetRefault, 8n)
  assert.deepEqual(metrics.io?.usage, [{ major: 8n, minor: 0n, rbytes: 10n, wbytes: 20n, rios: 0n, wios: 2n }])
})
