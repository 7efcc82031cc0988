// SPDX-License-Identifier: Apache-2.0
import { native } from '../native/load.ts'
import { atFlags } from './constants.ts'

/** One call of mount(2). Text that is left out is passed as empty. @public */
export interface MountCall {
  source?: string
  target: string
  type?: string
  /** Bits of {@link mountFlags}. */
  flags?: number
  /** What the file system itself reads; at most a page. */
  data?: string
}

/** mount(2). Throws the system error. @public */
export function mount(call: MountCall): void {
  native().mount(call.source ?? '', call.target, call.type ?? '', call.flags ?? 0, call.data ?? '')
}

/** umount2(2), with bits of {@link umountFlags}. Throws the system error, `EINVAL` when nothing is mounted there. @public */
export function unmount(target: string, flags = 0): void {
  native().umount2(target, flags)
}

/** One call of mount_setattr(2). @public */
export interface MountAttributesCall {
  /** Default: the current directory, so `path` is an ordinary path. */
  dirfd?: number
  path: string
  /** `AT_RECURSIVE`, `AT_EMPTY_PATH`, ... of {@link atFlags}. */
  flags?: number
  /** Bits of {@link mountAttributes}. */
  set?: number
  clear?: number
  /** `MS_SHARED`, `MS_SLAVE`, `MS_PRIVATE` or `MS_UNBINDABLE`, as in {@link mountFlags}. */
  propagation?: number
  /** The user namespace of an id-mapped mount. */
  usernsFd?: number
}

/** mount_setattr(2), Linux 5.12. Throws the system error, `ENOSYS` on older kernels. @public */
export function setMountAttributes(call: MountAttributesCall): void {
  native().mountSetattr(
    call.dirfd ?? atFlags.fdcwd,
    call.path,
    call.flags ?? 0,
    call.set ?? 0,
    call.clear ?? 0,
    call.propagation ?? 0,
    call.usernsFd ?? 0,
  )
}

/** open_tree(2): a descriptor of a mount, detached from the tree when `OPEN_TREE_CLONE` is among the flags. @public */
export function openTree(path: string, flags: number, dirfd: number = atFlags.fdcwd): number {
  return native().openTree(dirfd, path, flags)
}

/** move_mount(2): attaches what `fromFd` refers to at a path. @public */
export function attachMount(fromFd: number, target: string, targetDirfd: number = atFlags.fdcwd): void {
  native().moveMount(fromFd, '', targetDirfd, target, 4)
}
