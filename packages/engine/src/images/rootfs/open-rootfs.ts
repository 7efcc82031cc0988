// SPDX-License-Identifier: Apache-2.0
import { closeSync, constants, fstatSync, mkdirSync, mkdtempSync, readSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { StackError, toStackError } from '@teu/errors'
import { isErrno, mountAllAt, RootDirectory, umountFlags, unmountAll } from '@teu/linux'
import type { Rootfs } from '../../spec/rootfs.ts'
import type { RootfsMount } from '../image-service.ts'

/** A root filesystem that is open: the reader's view, and the directory itself for whoever walks it. */
export interface OpenRootfs extends Rootfs, AsyncDisposable {
  readonly root: RootDirectory
}

function readAll(fd: number, path: string, limit: number): Uint8Array {
  const stat = fstatSync(fd)
  if (!stat.isFile()) throw new StackError('invalid-argument', `${path} is not a regular file`)
  if (stat.size > limit) throw new StackError('resource-exhausted', `${path} is larger than ${limit} bytes`)
  // One byte more than it has: a file that grows meanwhile must not grow past the limit unseen.
  const buffer = Buffer.alloc(Math.min(stat.size, limit) + 1)
  let length = 0
  for (let read = -1; read !== 0 && length < buffer.length; length += read) {
    read = readSync(fd, buffer, length, buffer.length - length, null)
  }
  if (length > limit) throw new StackError('resource-exhausted', `${path} is larger than ${limit} bytes`)
  return buffer.subarray(0, length)
}

function viewOf(root: RootDirectory): OpenRootfs {
  return {
    root,
    async readFile(path, limit) {
      let fd: number
      try {
        // Non-blocking, so that a FIFO under the name of a file cannot hold us.
        fd = root.openFile(path, constants.O_RDONLY | constants.O_NONBLOCK)
      } catch (error) {
        if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined
        throw error
      }
      try {
        return readAll(fd, path, limit)
      } finally {
        closeSync(fd)
      }
    },
    async makeDirectory(path, { uid, gid }) {
      const made = root.mkdirAll(path, 0o755)
      const parts = path.split('/').filter((part) => part !== '' && part !== '.')
      for (let count = parts.length - made; count < parts.length; count++) {
        root.chown(parts.slice(0, count + 1).join('/'), uid, gid)
      }
    },
    async [Symbol.asyncDispose]() {
      root.close()
    },
  }
}

/**
 * The same root filesystem for reading only. The writable layer of an overlay becomes its top read-only one: two
 * overlays must not write to one layer, and the container may be running on the other.
 */
export function readOnlyMounts(mounts: readonly RootfsMount[]): RootfsMount[] {
  return mounts.map((mount) => {
    const upper = mount.options.find((option) => option.startsWith('upperdir='))?.slice('upperdir='.length)
    const kept = mount.options.filter((option) => !/^(upperdir|workdir)=|^rw$|^ro$/.test(option))
    const options =
      mount.type === 'overlay' && upper !== undefined
        ? kept.map((option) => option.replace(/^lowerdir=/, `lowerdir=${upper}:`))
        : kept
    return { ...mount, options: [...options, 'ro'] }
  })
}

/**
 * Opens the root filesystem that `mounts` make up. It is mounted only for as long as it takes to open it: the
 * descriptor alone keeps it afterwards, so nothing stays mounted if this process is killed.
 *
 * @param directory where the mount point is made for that moment
 */
export function openMounts(mounts: readonly RootfsMount[], directory: string): OpenRootfs {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const target = mkdtempSync(join(directory, 'rootfs-'))
  try {
    mountAllAt(mounts, target)
    return viewOf(RootDirectory.open(target))
  } catch (error) {
    throw toStackError(error)
  } finally {
    unmountAll(target, umountFlags.detach)
    rmdirSync(target)
  }
}

/** Opens the root filesystem of a running process, mounts of the container included. */
export function openProcessRoot(pid: number): OpenRootfs {
  return viewOf(RootDirectory.open(`/proc/${pid}/root`))
}
