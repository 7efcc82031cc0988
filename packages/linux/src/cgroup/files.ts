// SPDX-License-Identifier: Apache-2.0
// `promises` is loaded when it is used, which `node:fs/promises` is not.
import { constants, promises, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isErrno } from '../errno.ts'

// Without O_CREAT: a missing file is ENOENT and not the attempt to make one, which cgroupfs answers with EPERM.
const existing = { flag: constants.O_WRONLY as unknown as string }

/** Writes one cgroup file in one write(2). The kernel's refusal comes with the value, which is what one needs to see. @internal */
export function writeControl(folder: string, file: string, value: string | number | bigint): void {
  const path = join(folder, file)
  try {
    writeFileSync(path, String(value), existing)
  } catch (error) {
    throw explained(error, path, value)
  }
}

/** As {@link writeControl}, off the event loop: moving a process waits for the whole system's forks to pause. @internal */
export async function writeControlAsync(folder: string, file: string, value: string | number | bigint): Promise<void> {
  const path = join(folder, file)
  try {
    await promises.writeFile(path, String(value), existing)
  } catch (error) {
    throw explained(error, path, value)
  }
}

function explained(error: unknown, path: string, value: string | number | bigint): unknown {
  const { code, errno, syscall } = error as NodeJS.ErrnoException
  const shown = String(value).trim()
  return Object.assign(new Error(`${code}: write '${shown}' to '${path}'`, { cause: error }), {
    code,
    errno: Math.abs(errno ?? 0),
    syscall,
    path,
  })
}

/** The text of a cgroup file, or undefined when it or its cgroup is not there. @internal */
export function readControl(folder: string | undefined, file: string): string | undefined {
  if (folder === undefined) return undefined
  try {
    return readFileSync(join(folder, file), 'utf8')
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENODEV', 'EOPNOTSUPP', 'EINVAL', 'ENOTDIR')) return undefined
    throw error
  }
}

/** The number in a cgroup file; `max` is 2^64-1; `missing` (default 0) when there is no such file. @internal */
export function readNumber(folder: string | undefined, file: string, missing = 0n): bigint {
  const text = readControl(folder, file)?.trim()
  if (text === undefined || text === '') return missing
  return text === 'max' ? noLimit : BigInt(text)
}

/** What `max` is as a number. @internal */
export const noLimit = 0xffff_ffff_ffff_ffffn

/** The `key value` lines of a cgroup file. Lines of another shape are left out. @internal */
export function readKeyed(folder: string | undefined, file: string): Record<string, bigint> {
  const values: Record<string, bigint> = {}
  for (const line of (readControl(folder, file) ?? '').split('\n')) {
    const match = /^(\S+) (\d+|max)$/.exec(line)
    if (match) values[match[1] as string] = match[2] === 'max' ? noLimit : BigInt(match[2] as string)
  }
  return values
}
