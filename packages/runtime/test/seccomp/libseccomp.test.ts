// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { after, test } from 'node:test'
import type { LinuxSeccomp, LinuxSyscall } from '@teu/oci-spec/runtime'
import fc from 'fast-check'
import { compileSeccomp } from '../../src/seccomp/compile.ts'
import { syscallNumbers } from '../../src/seccomp/syscall-numbers.ts'
import { FilterEvaluator } from './evaluator.ts'
import { Libseccomp } from './libseccomp.ts'
import { type Machine, machines } from './model.ts'
import { argumentsFor, dockerDefault, everyNumber, overlaps, profiles, unambiguous } from './profiles.ts'

const libseccomp = new Libseccomp()
after(() => rmSync(libseccomp.folder, { recursive: true }))
const skip = libseccomp.absent ?? false
/** runc's own addition, which libseccomp knows nothing of: what is newer than the profile does not exist. */
const newer = 0x50026

/** Compares the two filters for every call; gives the number of comparisons. */
function compare(profile: LinuxSeccomp, machine: Machine, agreed: ReadonlySet<string>): number {
  const theirs = new FilterEvaluator(libseccomp.filter(profile, machine))
  const ours = new FilterEvaluator(compileSeccomp(profile, machine.name).filter)
  const disputed = new Set<string>()
  for (const { abi, arch } of machine.abis) {
    for (const [name, nr] of syscallNumbers(abi)) if (!agreed.has(name)) disputed.add(`${arch}:${nr}`)
  }
  const looked = (profile.syscalls ?? []).filter(({ args }) => args?.length)
  const vectors = new Map<string, bigint[][]>()
  for (const { names, args = [] } of looked) {
    for (const { abi, arch } of machine.abis) {
      for (const name of names) {
        const nr = syscallNumbers(abi).get(name)
        if (nr !== undefined) vectors.set(`${arch}:${nr}`, argumentsFor([args]))
      }
    }
  }
  let calls = 0
  for (const { arch, nr } of everyNumber(machine)) {
    if (disputed.has(`${arch}:${nr}`)) continue
    for (const args of vectors.get(`${arch}:${nr}`) ?? [[], [1n, 2n, 3n, 4n, 5n, 6n]]) {
      const [given, expected] = [ours.run({ arch, nr, args }), theirs.run({ arch, nr, args })]
      calls++
      if (given === expected || given === newer) continue
      const call = `${arch.toString(16)} ${nr} (${args.map((arg) => arg.toString(16))})`
      assert.fail(`${machine.name} ${call}: ${given.toString(16)}, libseccomp ${expected.toString(16)}`)
    }
  }
  return calls
}

test('docker’s default profile is to every system call what libseccomp makes of it', { skip }, () => {
  const agreed = libseccomp.agreedNames()
  assert.ok(agreed.size > 400, `${agreed.size} names`)
  for (const machine of machines) assert.ok(compare(dockerDefault(machine.name), machine, agreed) > 2000)
})

test('where two rules of one call overlap, the same one answers', { skip, timeout: 120_000 }, () => {
  const [allow, errno, trap] = [0x7fff0000, 0x50001, 0x30000]
  const values = [0n, 1n, 2n, 3n, 4n, 5n, 8n, 9n, 2n ** 32n + 5n]
  const vectors = values.flatMap((a) => values.flatMap((b) => values.map((c) => [a, b, c])))
  const seen = { pairs: 0, both: 0, contradictions: 0, theirs: 0, byOrder: 0 }
  const property = fc.property(overlaps, (rules) => {
    const lone = (rule: LinuxSyscall): LinuxSeccomp => ({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [rule] })
    const profile: LinuxSeccomp = { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [plain, ...rules] }
    for (const machine of machines) {
      const theirFilter = libseccomp.filterUnlessRefused(profile, machine)
      let ourFilter: Uint8Array
      try {
        ourFilter = compileSeccomp(profile, machine.name).filter
      } catch (error) {
        assert.match((error as Error).message, /file exists$/)
        assert.equal(theirFilter, undefined, 'libseccomp takes what is refused')
        seen.contradictions++
        continue
      }
      // It also refuses what has only a word of an operand in common.
      if (theirFilter === undefined) continue
      seen.pairs++
      const { arch, abi } = machine.abis[0] as Machine['abis'][number]
      const nr = syscallNumbers(abi).get('ioctl') as number
      const [ours, theirs] = [new FilterEvaluator(ourFilter), new FilterEvaluator(theirFilter)]
      const alone = rules.map((rule) => new FilterEvaluator(compileSeccomp(lone(rule), machine.name).filter))
      for (const args of vectors) {
        const [given, expected] = [ours.run({ arch, nr, args }), theirs.run({ arch, nr, args })]
        const hold = alone.map((each) => each.run({ arch, nr, args }) !== allow)
        // Comparisons of which it has only one word by itself it can get wrong: nothing that holds answers then.
        const possible = [hold[0] && errno, hold[1] && trap].filter(Boolean)
        if (!(possible.length > 0 ? possible.includes(expected) : expected === allow)) {
          seen.theirs++
          continue
        }
        assert.equal(given, expected, `${machine.name} ${JSON.stringify(rules)} (${args})`)
        if (possible.length < 2) continue
        seen.both++
        if (given === trap) seen.byOrder++
      }
    }
  })
  fc.assert(property, { numRuns: 300, seed: Number(process.env.TEU_SEED ?? 20261124), endOnFailure: true })
  assert.ok(seen.pairs > 400 && seen.both > 20_000 && seen.byOrder > 5000, JSON.stringify(seen))
  assert.ok(seen.theirs < seen.both / 20, JSON.stringify(seen))
})

/** See {@link unambiguous}: what looks at no arguments goes before what does. */
const plain: LinuxSyscall = { names: ['read', 'write', 'close', 'futex', 'brk', 'getpid'], action: 'SCMP_ACT_LOG' }

test('so are 200 generated ones, for every system call of both machines', { skip, timeout: 120_000 }, () => {
  const agreed = libseccomp.agreedNames()
  let [count, calls] = [0, 0]
  const property = fc.property(profiles, (profile) => {
    for (const machine of machines) calls += compare(unambiguous(profile, agreed), machine, agreed)
    count++
  })
  fc.assert(property, { numRuns: 200, seed: Number(process.env.TEU_SEED ?? 20261124), endOnFailure: true })
  assert.equal(count, 200)
  assert.ok(calls > 500_000, `${calls} comparisons`)
})
