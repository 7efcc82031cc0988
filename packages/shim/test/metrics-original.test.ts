// SPDX-License-Identifier: Apache-2.0
// What the original says of a container, and what ours says of the same one at the same moment, field by field.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { metricsV1, metricsV2, type StatsResponse } from '@teu/shim-api'
import { runInMountNamespace } from '../../../scripts/mount-namespace.mjs'
import { testBesideOriginals } from '../../../scripts/originals.mjs'
import { cgroupOfProcess } from '../src/cgroup/container-cgroup.ts'
import { metricsOf } from '../src/cgroup/metrics.ts'
import { ShimFixture } from './shim-fixture.ts'
import { shimsUnderTest } from './shims-under-test.ts'

const original = shimsUnderTest.find(({ isOurs }) => !isOurs)
const skip = process.getuid?.() === 0 ? false : 'needs root'
/** The original finds no cgroups on a hybrid host that has one controller on neither side; this test then runs apart. */
const needsOwnView = existsSync('/sys/fs/cgroup/unified') && !existsSync('/sys/fs/cgroup/hugetlb')

testBesideOriginals('every number that the original gives of a container is ours', { skip }, async () => {
  if (needsOwnView) {
    // Cgroups that are left on the v2 hierarchy keep it from being mounted there, and this from ever being apart.
    assert.equal(process.env.TEU_OWN_VIEW, undefined, 'hugetlb cannot be mounted as a hierarchy of its own')
    process.env.TEU_OWN_VIEW = '1'
    delete process.env.NODE_TEST_CONTEXT
    const argv = ['--conditions=teu-source', '--test', '--test-reporter=dot', import.meta.filename]
    return assert.equal(runInMountNamespace(argv), 0)
  }
  await using fixture = await ShimFixture.create(original?.binary)
  const script = 'dd if=/dev/zero of=/x bs=1M count=8 2>/dev/null; cat /x >/dev/null; sleep 1000'
  const { id, task, pid } = await fixture.run(
    { args: ['sh', '-c', script], binaryName: original?.binaryName ?? '' },
    { stdout: '', stderr: '' },
  )
  await delay(1000)
  await task.pause({ id })
  const theirs = await task.stats({ id })
  const cgroup = cgroupOfProcess(pid)
  assert.ok(cgroup)
  const ours = { stats: metricsOf(cgroup) }
  await task.resume({ id })
  await fixture.end({ task, id })

  assert.equal(ours.stats.typeUrl, theirs.stats?.typeUrl)
  const [a, b] = [numbersOf(theirs), numbersOf(ours)]
  assert.ok(Object.keys(a).length > 25, `${Object.keys(a).length} numbers`)
  const differing = Object.entries(a).flatMap(([field, value]) => {
    // The original reads these in hundredths of a second, rounded for each processor.
    const tolerance = /^cpu\.usage\.(user|kernel)$/.test(field) ? 50_000_000n : 0n
    const difference = (b[field] ?? 0n) - value
    const isSame = difference <= tolerance && difference >= -tolerance
    // Peaks on cgroup v2 are read from containerd 2 on.
    const isLater = value === 0n && /^memory\.(maxUsage|swapMaxUsage)$/.test(field)
    return isSame || isLater ? [] : [`${field}: ${value}, ours ${b[field]}`]
  })
  assert.deepEqual(differing, [])
})

/** All numbers of an answer by their path. */
function numbersOf({ stats }: StatsResponse): Record<string, bigint> {
  assert.ok(stats)
  const codec = stats.typeUrl === metricsV1.typeUrl ? metricsV1 : metricsV2
  const numbers: Record<string, bigint> = {}
  const walk = (value: unknown, path: string) => {
    if (typeof value === 'bigint') numbers[path] = value
    else if (typeof value === 'object' && value !== null) {
      for (const [key, inner] of Object.entries(value)) walk(inner, path === '' ? key : `${path}.${key}`)
    }
  }
  walk(codec.decode(stats.value), '')
  return numbers
}
