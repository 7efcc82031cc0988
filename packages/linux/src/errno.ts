// SPDX-License-Identifier: Apache-2.0

/** The Error that a failed system call throws: `code` such as `ENOENT`, `errno` positive, `syscall`, maybe `path`. @public */
export type SystemError = NodeJS.ErrnoException

/**
 * Whether an error is the failure of a system call with one of these codes.
 *
 * @example isErrno(error, 'ENOENT', 'ENOTDIR')
 * @public
 */
export function isErrno(error: unknown, ...codes: readonly string[]): error is SystemError {
  if (!(error instanceof Error)) return false
  const { code } = error as SystemError
  return code !== undefined && codes.includes(code)
}

/** Makes the error that a system call of this package throws. @internal */
export function systemError(code: string, errno: number, syscall: string, path?: string): SystemError {
  const where = path === undefined ? '' : ` '${path}'`
  return Object.assign(new Error(`${code}: ${syscall}${where}`), {
    code,
    errno,
    syscall,
    ...(path !== undefined && { path }),
  })
}
