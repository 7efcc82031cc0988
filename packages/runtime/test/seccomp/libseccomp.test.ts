// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { after, test } from 'node:test'
import type { LinuxSeccomp } from '@teu/oci-spec/runtime'
import fc from 'fast-check'
import { compileSeccomp } from '../../src/seccomp/compile.ts'
import { syscallNumbers } from '../../src/seccomp/syscall-numbers.ts'
import { FilterEvaluator } from './evaluator.ts'
import { Libseccomp } from './libseccomp.ts'
import { type Machine, machines } from './model.ts'
import { argumentsFor, dockerDefault, everyNumber, profiles, unambiguous } from './profiles.ts'

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
