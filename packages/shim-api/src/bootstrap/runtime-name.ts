// SPDX-License-Identifier: Apache-2.0
import { access, constants } from 'node:fs/promises'
import { delimiter, isAbsolute, join } from 'node:path'
import { StackError } from '@teu/errors'

/** Where {@link resolveShimBinary} looks, in this order. @public */
export interface ShimSearch {
  /** Directories before those of `path`. */
  readonly directories?: readonly string[] | undefined
  /** A PATH; default that of this process. */
  readonly path?: string | undefined
  /** Directories after those of `path`: that of the containerd program. */
  readonly fallbackDirectories?: readonly string[] | undefined
}

/**
 * The name of the program for a runtime: the last two parts of `io.containerd.runc.v2` make
 * `containerd-shim-runc-v2`. `invalid-argument` when it has fewer than two parts.
 *
 * @public
 */
export function shimBinaryName(runtime: string): string {
  const parts = runtime.split('.')
  const [name, version] = parts.slice(-2)
  if (parts.length < 2 || parts[0] === '' || !name || !version || runtime.includes('/')) {
    throw new StackError(
      'invalid-argument',
      `invalid runtime name ${runtime}, correct runtime name should be either format like \`io.containerd.runc.v2\` or a full path to the binary`,
    )
  }
  return `containerd-shim-${name}-${version}`
}

/** The path of the shim's program for a runtime: an absolute path as it is, a name by search. `not-found` when it is not installed. @public */
export async function resolveShimBinary(runtime: string, search: ShimSearch = {}): Promise<string> {
  if (isAbsolute(runtime)) {
    if (await isProgram(runtime)) return runtime
    throw new StackError('not-found', `runtime "${runtime}" binary not installed "${runtime}": file does not exist`)
  }
  const binary = shimBinaryName(runtime)
  const fromPath = (search.path ?? process.env.PATH ?? '').split(delimiter).filter((directory) => isAbsolute(directory))
  for (const directory of [...(search.directories ?? []), ...fromPath, ...(search.fallbackDirectories ?? [])]) {
    const candidate = join(directory, binary)
    if (await isProgram(candidate)) return candidate
  }
  throw new StackError('not-found', `runtime "${runtime}" binary not installed "${binary}": file does not exist`)
}

function isProgram(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
}
