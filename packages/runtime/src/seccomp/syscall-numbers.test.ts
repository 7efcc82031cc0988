// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import test from 'node:test'
import type { SyscallAbi } from './architectures.ts'
import { syscallNumbers } from './syscall-numbers.ts'

const headers: [SyscallAbi, string][] = [
  ['x86_64', '/usr/include/x86_64-linux-gnu/asm/unistd_64.h'],
  ['i386', '/usr/include/x86_64-linux-gnu/asm/unistd_32.h'],
  ['x32', '/usr/include/x86_64-linux-gnu/asm/unistd_x32.h'],
]

for (const [abi, path] of headers) {
  test(`${abi} numbers are those of the kernel's header`, { skip: existsSync(path) ? false : `needs ${path}` }, () => {
    const bit = abi === 'x32' ? 0x40000000 : 0
    let seen = 0
    for (const [, name, value] of readFileSync(path, 'utf8').matchAll(
      /^#define __NR_(\w+)\s+(?:\(__X32_SYSCALL_BIT \+ )?(\d+)\)?$/gm,
    )) {
      assert.equal(syscallNumbers(abi).get(name as string), Number(value) + bit, name)
      seen++
    }
    assert.ok(seen > 300)
  })
}

test('within an ABI no two names share a number', () => {
  for (const abi of ['x86_64', 'i386', 'x32', 'aarch64', 'arm'] as const) {
    const numbers = [...syscallNumbers(abi).values()]
    assert.equal(new Set(numbers).size, numbers.length, abi)
    assert.ok(
      numbers.every((number) => Number.isSafeInteger(number)),
      abi,
    )
  }
})

test('well-known numbers', () => {
  assert.equal(syscallNumbers('x86_64').get('execve'), 59)
  assert.equal(syscallNumbers('aarch64').get('execve'), 221)
  assert.equal(syscallNumbers('arm').get('execve'), 11)
  assert.equal(syscallNumbers('x32').get('execve'), 0x40000000 + 520)
  for (const abi of ['x86_64', 'i386', 'aarch64', 'arm'] as const) assert.equal(syscallNumbers(abi).get('mseal'), 462)
})
