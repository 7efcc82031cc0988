// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LinuxSeccomp } from '@teu/oci-spec/runtime'
import fc from 'fast-check'
import { compileSeccomp } from '../../src/seccomp/compile.ts'
import { syscallNumbers } from '../../src/seccomp/syscall-numbers.ts'
import { FilterEvaluator } from './evaluator.ts'
import { type Machine, machines, ProfileModel } from './model.ts'
import { argumentsFor, dockerDefault, everyNumber, profiles } from './profiles.ts'

/** What a comparison of one filter with the model has looked at. */
interface Compared {
  calls: number
  syscalls: Map<string, Set<number>>
  evaluator: FilterEvaluator
  answers: Map<number, number>
}

/** Compares a filter with the model for every call of every ABI, and every call that looks at arguments with many. */
function compare(profile: LinuxSeccomp, machine: Machine): Compared {
  const evaluator = new FilterEvaluator(compileSeccomp(profile, machine.name).filter)
  const model = new ProfileModel(profile, machine)
  const result: Compared = { calls: 0, syscalls: new Map(), evaluator, answers: new Map() }
  const check = (arch: number, nr: number, args: bigint[]) => {
    const [given, expected] = [evaluator.run({ arch, nr, args }), model.answer({ arch, nr, args })]
    if (given !== expected) {
      const call = `${arch.toString(16)} ${nr} (${args.map((arg) => arg.toString(16))})`
      assert.fail(`${machine.name} ${call}: ${given.toString(16)} instead of ${expected.toString(16)}`)
    }
    result.calls++
    result.answers.set(given, (result.answers.get(given) ?? 0) + 1)
  }
  const conditions = conditionsByNumber(profile, machine)
  for (const { arch, nr } of everyNumber(machine)) {
    for (const args of conditions.get(`${arch}:${nr}`) ?? [[], [1n, 2n, 3n, 4n, 5n, 6n]]) check(arch, nr, args)
  }
  for (const { abi, arch } of machine.abis) {
    result.syscalls.set(
      abi,
      new Set(
        syscallNumbers(abi)
          .values()
          .filter((nr) => nr >= 0 && arch > 0),
      ),
    )
  }
  return result
}

/** Arguments of interest for the calls of a profile that look at any, by architecture and number. */
function conditionsByNumber(profile: LinuxSeccomp, { abis }: Machine): Map<string, bigint[][]> {
  const found = new Map<string, bigint[][]>()
  for (const { names, args = [] } of profile.syscalls ?? []) {
    if (args.length === 0) continue
    const vectors = argumentsFor([args])
    for (const { abi, arch } of abis) {
      for (const name of names) {
        const nr = syscallNumbers(abi).get(name)
        if (nr !== undefined) found.set(`${arch}:${nr}`, [...(found.get(`${arch}:${nr}`) ?? []), ...vectors])
      }
    }
  }
  // What stands behind one number on i386 is told apart by the first argument.
  for (const name of ['socketcall', 'ipc']) {
    const key = `${0x40000003}:${syscallNumbers('i386').get(name)}`
    const numbers = Array.from({ length: 26 }, (_, i) => [BigInt(i)])
    found.set(key, [...(found.get(key) ?? []), ...numbers, [2n ** 32n + 1n]])
  }
  return found
}

for (const machine of machines) {
  test(`${machine.name}: docker's default profile, for every system call`, () => {
    const { calls, answers, syscalls, evaluator } = compare(dockerDefault(machine.name), machine)
    // Nothing of the filter is left that no call has come through.
    const idle = [...evaluator.executed.entries()].filter(([, executed]) => executed === 0)
    assert.deepEqual(idle, [], 'instructions that nothing executes')
    const least = machine.name === 'x64' ? { x86_64: 370, i386: 430, x32: 360 } : { aarch64: 310, arm: 400 }
    for (const [abi, count] of Object.entries(least)) {
      assert.ok((syscalls.get(abi)?.size ?? 0) >= count, `${abi}: ${syscalls.get(abi)?.size} calls`)
    }
    assert.ok(calls > 1500, `${calls} comparisons`)
    const [allow, eperm, enosys, kill] = [0x7fff0000, 0x50001, 0x50026, 0]
    for (const answer of [allow, eperm, enosys, kill]) assert.ok((answers.get(answer) ?? 0) > 0, answer.toString(16))
    assert.ok((answers.get(allow) ?? 0) > 500)
  })
}

test('docker’s default profile: what its documentation promises', () => {
  const run = (name: string, args: bigint[] = [], abi: 'x86_64' | 'i386' | 'x32' = 'x86_64') => {
    const evaluator = new FilterEvaluator(compileSeccomp(dockerDefault('x64'), 'x64').filter)
    return evaluator.run({
      arch: abi === 'i386' ? 0x40000003 : 0xc000003e,
      nr: syscallNumbers(abi).get(name) as number,
      args,
    })
  }
  const [allow, eperm, enosys] = [0x7fff0000, 0x50001, 0x50026]
  const denied =
    'mount umount2 setns pivot_root keyctl add_key request_key bpf perf_event_open userfaultfd io_uring_setup open_by_handle_at kexec_load init_module reboot swapon settimeofday syslog quotactl acct iopl fsopen move_mount mount_setattr open_tree pidfd_getfd kcmp mbind unshare'
  for (const name of denied.split(' ')) assert.equal(run(name), eperm, name)
  const allowed =
    'ptrace process_vm_readv memfd_create openat2 statx landlock_create_ruleset name_to_handle_at pidfd_open close_range chroot mknod'
  for (const name of allowed.split(' ')) assert.equal(run(name), allow, name)
  assert.equal(run('clone3'), enosys)
  for (const flag of [0x20000n, 0x4000000n, 0x8000000n, 0x10000000n, 0x20000000n, 0x40000000n, 0x2000000n]) {
    assert.equal(run('clone', [flag | 0x11n]), eperm, flag.toString(16))
  }
  assert.equal(run('clone', [0x3d0f00n]), allow)
  for (const domain of [38n, 40n]) assert.equal(run('socket', [domain]), eperm, String(domain))
  for (const domain of [1n, 2n, 10n, 16n, 17n, 39n, 41n]) assert.equal(run('socket', [domain]), allow, String(domain))
  for (const value of [0n, 8n, 0x20000n, 0x20008n, 0xffffffffn]) assert.equal(run('personality', [value]), allow)
  for (const value of [1n, 0x40000n, 0x400000n]) assert.equal(run('personality', [value]), eperm)
  assert.equal(run('mount', [], 'i386'), eperm)
  assert.equal(run('mount', [], 'x32'), eperm)
  assert.equal(run('read', [], 'i386'), allow)
})

test('200 generated profiles, for every system call of both machines', () => {
  let [count, calls, refused] = [0, 0, 0]
  const seen = { operators: new Set<string>(), actions: new Set<string>(), flags: new Set<string>() }
  const property = fc.property(profiles, (profile) => {
    count++
    for (const { action, args = [] } of profile.syscalls ?? []) {
      seen.actions.add(action)
      for (const { op } of args) seen.operators.add(op)
    }
    for (const flag of profile.flags ?? []) seen.flags.add(flag)
    for (const machine of machines) {
      if (isRefused(profile, machine)) refused++
      else calls += compare(profile, machine).calls
    }
  })
  const seed = Number(process.env.TEU_SEED ?? 20261124)
  fc.assert(property, { numRuns: 200, seed, endOnFailure: true })
  assert.equal(count, 200)
  assert.ok(refused < 20, `${refused} contradict themselves`)
  assert.equal(seen.operators.size, 7)
  assert.equal(seen.actions.size, 8)
  assert.equal(seen.flags.size, 4)
  assert.ok(calls > 500_000, `${calls} comparisons`)
})

/** Two rules of a profile may happen to ask the same, and answer differently. */
function isRefused(profile: LinuxSeccomp, { name }: Machine): boolean {
  try {
    compileSeccomp(profile, name)
    return false
  } catch (error) {
    if (/: file exists$/.test((error as Error).message)) return true
    throw error
  }
}
