// SPDX-License-Identifier: Apache-2.0
import { readdirSync } from 'node:fs'
import { isErrno } from '../errno.ts'

/** The sizes of huge pages that the kernel has, as cgroup files name them: `64KB`, `2MB`, `1GB`. @internal */
export function hugePageSizes(folder = '/sys/kernel/mm/hugepages'): string[] {
  let names: string[]
  try {
    names = readdirSync(folder)
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return []
    throw error
  }
  return names.flatMap((name) => {
    const match = /^hugepages-(\d+)kB$/.exec(name)
    return match ? [hugePageSizeName(Number(match[1]))] : []
  })
}

/** The name of a size given in kibibytes. @internal */
export function hugePageSizeName(kib: number): string {
  if (kib >= 1 << 20) return `${kib >> 20}GB`
  return kib >= 1 << 10 ? `${kib >> 10}MB` : `${kib}KB`
}
