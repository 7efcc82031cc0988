// SPDX-License-Identifier: Apache-2.0
import type { SyscallAbi } from './architectures.ts'
import { syscallTable } from './syscalls.generated.ts'

const columns: readonly SyscallAbi[] = ['x86_64', 'i386', 'x32', 'aarch64', 'arm']
const known = new Map<SyscallAbi, ReadonlyMap<string, number>>()

/** Calls by number of one ABI, as the kernel sees it in `seccomp_data.nr`. @internal */
export function syscallNumbers(abi: SyscallAbi): ReadonlyMap<string, number> {
  const numbers = known.get(abi) ?? parse(abi)
  known.set(abi, numbers)
  return numbers
}

/** The bit that marks a call as one of x32. @internal */
export const x32Bit = 0x40000000

function parse(abi: SyscallAbi): ReadonlyMap<string, number> {
  const column = columns.indexOf(abi) + 1
  const numbers = new Map<string, number>()
  for (const line of syscallTable.trim().split('\n')) {
    const fields = line.split(' ')
    const number = fields[column] as string
    if (number !== '-') numbers.set(fields[0] as string, Number(number) + (abi === 'x32' ? x32Bit : 0))
  }
  return numbers
}
