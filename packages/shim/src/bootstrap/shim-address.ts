// SPDX-License-Identifier: Apache-2.0
import { lstat, mkdir } from 'node:fs/promises'
import { dirname, isAbsolute, join } from 'node:path'
import { StackError } from '@teu/errors'
import { isErrno } from '@teu/linux'
import { maximumSocketPathLength, shimSocketPath } from '@teu/shim-api'

/** The files of one shim. @internal */
export interface ShimAddress {
  /** Where its Task service listens. */
  readonly socket: string
  /** The folder with one link for each container of the shim, to its bundle. */
  readonly bundles: string
  /** Locked by whoever starts the shim. */
  readonly lock: string
  /** The folder of all of these. */
  readonly folder: string
}

/** The key of a shim that serves all containers of a namespace; no container or group is called so. @internal */
export const wholeNamespace = '*'

/**
 * Where the shim of a group is, which may be a single container or the {@link wholeNamespace}. The folder is `s` beside
 * containerd's own socket, as with containerd's shims; `TEU_SHIM_STATE` in the environment names another one.
 *
 * @internal
 */
export function shimAddress(
  containerdAddress: string,
  namespace: string,
  group: string,
  env: Readonly<Record<string, string | undefined>>,
): ShimAddress {
  const containerd = containerdAddress.replace(/^unix:\/\//, '')
  const folder = env.TEU_SHIM_STATE || (isAbsolute(containerd) ? join(dirname(containerd), 's') : '/run/teu/s')
  const tooLong = Buffer.byteLength(folder) + 65 > maximumSocketPathLength
  return shimAddressOf(shimSocketPath(tooLong ? '/run/teu/s' : folder, containerd, namespace, group))
}

/** The files of the shim that listens on `socket`. @internal */
export function shimAddressOf(socket: string): ShimAddress {
  return { socket, bundles: `${socket}.d`, lock: `${socket}.lock`, folder: dirname(socket) }
}

/**
 * Makes the folder of sockets, 0700, or finds it made. Throws `permission-denied` when somebody else could put files into
 * it: a planted socket would be taken for a shim.
 *
 * @internal
 */
export async function makeSocketFolder(folder: string): Promise<void> {
  await mkdir(dirname(folder), { recursive: true, mode: 0o711 })
  await mkdir(folder, { mode: 0o700 }).catch((error: unknown) => {
    if (!isErrno(error, 'EEXIST')) throw error
  })
  const { uid, mode } = await lstat(folder).then((stat) => {
    if (!stat.isDirectory()) throw new StackError('permission-denied', `${folder} is no directory`)
    return stat
  })
  if (uid !== process.geteuid?.() || (mode & 0o022) !== 0) {
    throw new StackError('permission-denied', `${folder} can be written by others`)
  }
}
