// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { formatExactJson } from '@teu/oci-spec/runtime'
import { testBesideOriginals } from '../../../scripts/originals.mjs'
import { call, type Result, teu } from './kit/program.ts'
import { rooted } from './kit/root.ts'
import { type SpecChange, Workshop } from './kit/workshop.ts'

const largest = 0xffff_ffff_ffff_ffffn

/** Runs one container by both runtimes. */
function runBoth(workshop: Workshop, args: string[], change: SpecChange): { ours: Result; theirs: Result } {
  const bundle = workshop.bundle(args)
  const spec = workshop.spec(args, (spec) => {
    spec.ociVersion = '1.0.2'
    change(spec)
  })
  writeFileSync(join(bundle, 'config.json'), formatExactJson(spec))
  const run = ['run', '--bundle', bundle, 'wide']
  return { ours: teu(workshop, run), theirs: call('runc', ['--root', join(workshop.directory, 'runc'), ...run]) }
}

testBesideOriginals('a seccomp operand counts to its last digit, in init and in an exec', rooted, async () => {
  await using workshop = new Workshop()
  // Of three neighbours above 2^53 a double holds two.
  const sizes = [2n ** 53n, 2n ** 53n + 1n, 2n ** 53n + 2n]
  const script = sizes.map((size) => `truncate -s ${size} /tmp/x && echo ${size}`).join('; ')
  const args = ['/bin/sh', '-c', script]
  const change: SpecChange = (spec) => {
    spec.mounts.push({ destination: '/tmp', type: 'tmpfs', source: 'tmpfs' })
    spec.linux.seccomp = {
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [
        {
          names: ['ftruncate', 'ftruncate64'],
          action: 'SCMP_ACT_ERRNO',
          args: [{ index: 1, op: 'SCMP_CMP_EQ', value: sizes[1] as bigint }],
        },
      ],
    }
  }
  const { ours, theirs } = runBoth(workshop, args, change)
  assert.equal(ours.stdout, `${sizes[0]}\n${sizes[2]}\n`, ours.stderr)
  assert.equal(theirs.stdout, ours.stdout, theirs.stderr)

  const bundle = workshop.bundle(['sleep', '1000'])
  writeFileSync(join(bundle, 'config.json'), formatExactJson(workshop.spec(['sleep', '1000'], change)))
  await workshop.runtime.create('running', { bundle, stdio: ['ignore', 'ignore', 'ignore'] })
  await workshop.runtime.start('running')
  assert.equal((await workshop.exec('running', args)).output.match(/^\d+$/gm)?.join(), `${sizes[0]},${sizes[2]}`)
})

testBesideOriginals('limits of a process are exact, and all ones are no limit', rooted, async () => {
  await using workshop = new Workshop()
  const rlimits = [
    { type: 'RLIMIT_FSIZE', soft: largest - 1n, hard: largest },
    { type: 'RLIMIT_CORE', soft: 2n ** 53n + 1n, hard: 2n ** 63n },
  ]
  const args = ['grep', '-E', 'file size|core file', '/proc/self/limits']
  const { ours, theirs } = runBoth(workshop, args, (spec) => {
    spec.process.rlimits = rlimits
  })
  assert.match(ours.stdout, /Max file size +18446744073709551614 +unlimited/, ours.stderr)
  assert.match(ours.stdout, /Max core file size +9007199254740993 +9223372036854775808/)
  assert.equal(theirs.stdout, ours.stdout)

  const id = await workshop.running()
  const file = join(workshop.directory, 'process.json')
  writeFileSync(file, formatExactJson({ args, cwd: '/', env: ['PATH=/bin'], user: { uid: 0, gid: 0 }, rlimits }))
  assert.equal(teu(workshop, ['exec', '--process', file, id]).stdout, ours.stdout)
})

testBesideOriginals('limits of a cgroup up to the highest are taken as runc takes them', rooted, async () => {
  await using workshop = new Workshop()
  const memory = { limit: 2n ** 63n - 1n, swap: 2n ** 63n - 1n, reservation: 2n ** 53n + 4097n }
  for (const resources of [{ memory }, { hugepageLimits: [{ pageSize: '2MB', limit: largest }] }]) {
    const { ours, theirs } = runBoth(workshop, ['true'], (spec) => {
      spec.linux.resources = resources
    })
    assert.equal(ours.status, theirs.status, ours.stderr + theirs.stderr)
  }
  const id = await workshop.running()
  const file = join(workshop.directory, 'resources.json')
  writeFileSync(file, formatExactJson({ memory }))
  assert.equal(teu(workshop, ['update', '--resources', file, id]).status, 0)
  // The kernel keeps whole pages.
  assert.equal(softLimitOf((await workshop.runtime.state(id)).pid), 2n ** 53n + 4096n)
})

testBesideOriginals('an integer that is out of range is refused when the container is created', rooted, async () => {
  await using workshop = new Workshop()
  const refused = (change: SpecChange, path: string) => {
    const { ours, theirs } = runBoth(workshop, ['true'], change)
    assert.deepEqual([ours.status, theirs.status], [1, 1], ours.stderr + theirs.stderr)
    assert.ok(ours.stderr.includes(`${path}: must be from `), ours.stderr)
  }
  refused((spec) => {
    const args = [{ index: 0, op: 'SCMP_CMP_EQ' as const, value: largest + 1n }]
    const syscalls = [{ names: ['mkdir'], action: 'SCMP_ACT_ERRNO' as const, args }]
    spec.linux.seccomp = { defaultAction: 'SCMP_ACT_ALLOW', syscalls }
  }, 'linux.seccomp.syscalls[0].args[0].value')
  refused((spec) => {
    spec.process.rlimits = [{ type: 'RLIMIT_CORE', soft: 0, hard: largest + 1n }]
  }, 'process.rlimits[0].hard')
  refused((spec) => {
    spec.linux.resources = { memory: { limit: 2n ** 63n } }
  }, 'linux.resources.memory.limit')
})

/** What the memory controller of a process guards, on either hierarchy. */
function softLimitOf(pid: number): bigint {
  const lines = readFileSync(`/proc/${pid}/cgroup`, 'utf8')
  const v1 = /^\d+:(?:\w+,)*memory(?:,\w+)*:(.*)$/m.exec(lines)?.[1]
  const v2 = /^0::(.*)$/m.exec(lines)?.[1]
  const path = v1 === undefined ? `${v2}/memory.low` : `/memory${v1}/memory.soft_limit_in_bytes`
  return BigInt(readFileSync(`/sys/fs/cgroup${path}`, 'utf8').trim())
}
