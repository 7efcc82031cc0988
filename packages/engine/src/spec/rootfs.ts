// SPDX-License-Identifier: Apache-2.0

/**
 * A container's root filesystem as its reader sees it: every path is resolved inside the root by the kernel, so that
 * a symbolic link in an image can never lead out of it.
 */
export interface Rootfs {
  /**
   * The content of a regular file, or undefined when there is none at `path`. Rejects with `invalid-argument` for
   * what is not a regular file and `resource-exhausted` for more than `limit` bytes.
   */
  readFile(path: string, limit: number): Promise<Uint8Array | undefined>
  /** Makes a directory and its missing parents, mode 0755, owned by `uid`:`gid`. One that exists is left alone. */
  makeDirectory(path: string, owner: { uid: number; gid: number }): Promise<void>
}
