// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { LinuxSeccomp, LinuxSeccompArg } from '@teu/oci-spec/runtime'
import { returnValue } from '../../src/seccomp/actions.ts'
import { syscallNumbers } from '../../src/seccomp/syscall-numbers.ts'
import { type Machine, machines } from './model.ts'
import { syscallNames } from './profiles.ts'

const source = join(
  dirname(createRequire(import.meta.url).resolve('@teu/linux/package.json')),
  'native/test/libseccomp-filter.c',
)
const missing = 77
const operators: readonly LinuxSeccompArg['op'][] = [
  'SCMP_CMP_NE',
  'SCMP_CMP_LT',
  'SCMP_CMP_LE',
  'SCMP_CMP_EQ',
  'SCMP_CMP_GE',
  'SCMP_CMP_GT',
  'SCMP_CMP_MASKED_EQ',
]
/** libseccomp's own numbers: those of the kernel, but for x32, which has none of its own there. */
const tokens: Record<string, number> = {
  x86_64: 0xc000003e,
  i386: 0x40000003,
  x32: 0x4000003e,
  aarch64: 0xc00000b7,
  arm: 0x40000028,
}

/** libseccomp itself, given rules as runc gives them. */
export class Libseccomp {
  readonly folder = mkdtempSync(join(tmpdir(), 'teu-libseccomp-'))
  readonly #program = join(this.folder, 'filter')
  /** Why it cannot be asked here; undefined when it can. */
  readonly absent: string | undefined

  constructor() {
    const { error, status, stderr } = spawnSync('cc', ['-O1', source, '-o', this.#program, '-ldl'], {
      encoding: 'utf8',
    })
    if (error) this.absent = 'needs a C compiler'
    else assert.equal(status, 0, stderr)
    this.absent ??= spawnSync(this.#program, { input: '0' }).status === missing ? 'needs libseccomp.so.2' : undefined
  }

  /** The filter that it makes. */
  filter(profile: LinuxSeccomp, machine: Machine): Uint8Array {
    const filter = this.filterUnlessRefused(profile, machine)
    assert.ok(filter, 'libseccomp refuses a rule')
    return filter
  }

  /** The same, or undefined when it says of a rule that there is another one in its place. */
  filterUnlessRefused(profile: LinuxSeccomp, machine: Machine): Uint8Array | undefined {
    const result = spawnSync(this.#program, { input: lines(profile, machine).join('\n'), maxBuffer: 1 << 24 })
    if (result.status === 1 && /File exists/.test(String(result.stderr))) return undefined
    assert.equal(result.status, 0, String(result.stderr))
    return new Uint8Array(result.stdout)
  }

  /** The names that this version of the library has with the numbers that our tables have, on every architecture. */
  agreedNames(): ReadonlySet<string> {
    const asked = machines.flatMap(({ abis }) =>
      abis.flatMap(({ abi }) => syscallNames.map((name) => ({ name, token: tokens[abi] as number, abi }))),
    )
    const input = `0 ${asked.map(({ name, token }) => `name ${token} ${name}`).join('\n')}`
    const answers = spawnSync(this.#program, { input, encoding: 'utf8', maxBuffer: 1 << 24 })
      .stderr.trim()
      .split('\n')
    assert.equal(answers.length, asked.length)
    const other = asked.filter(({ name, abi }, index) => {
      // What an architecture lacks has a negative number there, which is libseccomp's own affair.
      const number = Number(answers[index]?.split(' ')[2])
      return (syscallNumbers(abi).get(name) ?? -1) !== Math.max(-1, number)
    })
    const disagreed = new Set(other.map(({ name }) => name))
    return new Set(syscallNames.filter((name) => !disagreed.has(name)))
  }
}

function lines(profile: LinuxSeccomp, machine: Machine): string[] {
  const byDefault = returnValue(profile.defaultAction, profile.defaultErrnoRet)
  const [own, ...others] = machine.abis
  const result = [String(byDefault), `only ${tokens[own?.abi ?? '']}`]
  for (const { abi, listed } of others) {
    if (profile.architectures?.some((name) => name === listed)) result.push(`arch ${tokens[abi]}`)
  }
  for (const { names, action, errnoRet, args = [] } of profile.syscalls ?? []) {
    const word = returnValue(action, errnoRet)
    if (word === byDefault) continue
    const distinct = new Set(args.map(({ index }) => index)).size === args.length
    for (const name of names) {
      const lists = distinct ? [args] : args.map((arg) => [arg])
      for (const list of lists) result.push(`rule ${word} ${name} ${list.length} ${list.map(comparison).join(' ')}`)
    }
  }
  return result
}

function comparison({ index, op, value, valueTwo = 0 }: LinuxSeccompArg): string {
  return `${index} ${operators.indexOf(op) + 1} ${value} ${valueTwo}`
}
