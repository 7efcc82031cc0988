// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ContainerStats } from './container-event.ts'
import { eventLine } from './event-json.ts'

const none = { usage: 0n, max: 0n, limit: 0n, failcnt: 0n }
const idle: ContainerStats = {
  cpu: {
    usageNs: 0n,
    userNs: 0n,
    kernelNs: 0n,
    perCpuNs: [],
    perCpuUserNs: [],
    perCpuKernelNs: [],
    throttling: { periods: 0n, throttledPeriods: 0n, throttledNs: 0n },
  },
  memory: { ...none, swap: none, kernel: none, kernelTcp: none, stat: {} },
  pids: { current: 0n, limit: 0n },
  blkio: { ioServiceBytes: [], ioServiced: [] },
  hugetlb: {},
}

test('what is zero is left out where the original leaves it out', () => {
  assert.equal(
    eventLine({ type: 'stats', id: 'c', data: idle }),
    '{"type":"stats","id":"c","data":{"cpu":{"usage":{"kernel":0,"user":0},"throttling":{}},' +
      '"cpuset":{"cpu_exclusive":0,"mem_hardwall":0,"mem_exclusive":0,"memory_migrate":0,"memory_spread_page":0,' +
      '"memory_spread_slab":0,"memory_pressure":0,"sched_load_balance":0,"sched_relax_domain_level":0},' +
      '"memory":{"usage":{"limit":0,"failcnt":0},"swap":{"limit":0,"failcnt":0},"kernel":{"limit":0,"failcnt":0},' +
      '"kernelTCP":{"limit":0,"failcnt":0}},"pids":{},"blkio":{},"hugetlb":{},"intel_rdt":{},"network_interfaces":null}}\n',
  )
})

test('numbers of 64 bits are printed in full, and entries as lists', () => {
  const limit = 0xffff_ffff_ffff_ffffn
  const line = eventLine({
    type: 'stats',
    id: 'c',
    data: {
      ...idle,
      memory: { ...idle.memory, usage: 2n ** 53n + 1n, limit, stat: { shmem: 1n, cache: 7n } },
      pids: { current: 3n, limit: 10n },
      blkio: { ioServiceBytes: [{ major: 8, minor: 0, op: 'Read', value: 512n }], ioServiced: [] },
      hugetlb: { '2MB': { usage: 0n, max: 1n, failcnt: 0n } },
    },
  })
  assert.match(
    line,
    /"memory":\{"cache":7,"usage":\{"limit":18446744073709551615,"usage":9007199254740993,"failcnt":0\}/,
  )
  assert.match(line, /"raw":\{"cache":7,"shmem":1\}/)
  assert.match(line, /"pids":\{"current":3,"limit":10\}/)
  assert.match(line, /"blkio":\{"ioServiceBytesRecursive":\[\{"major":8,"op":"Read","value":512\}\]\}/)
  assert.match(line, /"hugetlb":\{"2MB":\{"max":1,"failcnt":0\}\}/)
})

test('an out-of-memory condition is a line of its own kind', () => {
  assert.equal(eventLine({ type: 'oom', id: 'c' }), '{"type":"oom","id":"c"}\n')
})
