// SPDX-License-Identifier: Apache-2.0
import { closeSync } from 'node:fs'
import { isErrno } from '../errno.ts'
import { native } from '../native/load.ts'
import { mountFlags as ms, umountFlags } from './constants.ts'
import { type ParsedMountOptions, parseMountOptions } from './options.ts'
import { attachMount, mount, setMountAttributes, unmount } from './system-calls.ts'

/** A mount as containerd and the OCI runtime specification describe it. @public */
export interface MountDescription {
  type: string
  source: string
  options: readonly string[]
}

// mount(2) reads one page of data, its final zero included.
const mountDataLimit = 4095
const bindFlags = ms.bind | ms.rec
const remountable =
  ms.rdonly |
  ms.nosuid |
  ms.nodev |
  ms.noexec |
  ms.noatime |
  ms.nodiratime |
  ms.relatime |
  ms.strictatime |
  ms.nosymfollow

/**
 * Performs a mount on a directory or file of the host: the file system or bind, then read-only and similar flags of a
 * bind by a remount, then recursive attributes and propagation. Overlay options longer than a page go through
 * fsconfig(2). Undoes itself when a later step fails. The target must exist and is followed: use it with trusted paths.
 *
 * @public
 */
export function mountAt(description: MountDescription, target: string): void {
  const parsed = parseMountOptions(description.options)
  mountFirst(description, target, parsed)
  try {
    finish(parsed, target)
  } catch (error) {
    unmount(target, umountFlags.detach)
    throw error
  }
}

/** {@link mountAt} for each in turn, all on one target, as containerd means a list of mounts. Undoes all on failure. @public */
export function mountAllAt(descriptions: readonly MountDescription[], target: string): void {
  let done = 0
  try {
    for (const description of descriptions) {
      mountAt(description, target)
      done++
    }
  } catch (error) {
    for (; done > 0; done--) unmount(target, umountFlags.detach)
    throw error
  }
}

/** Unmounts whatever is stacked at a path, without following a link there. Returns how many mounts were removed. @public */
export function unmountAll(target: string, flags: number = umountFlags.noFollow): number {
  for (let count = 0; ; count++) {
    try {
      unmount(target, flags | umountFlags.noFollow)
    } catch (error) {
      if (isErrno(error, 'EINVAL', 'ENOENT')) return count
      throw error
    }
  }
}

function mountFirst({ type, source }: MountDescription, target: string, parsed: ParsedMountOptions): void {
  const isBind = (parsed.flags & ms.bind) !== 0 || type === 'bind' || type === 'rbind'
  const data = parsed.data.join(',')
  if (isBind && (parsed.flags & ms.remount) === 0) {
    const recursive = type === 'rbind' || (parsed.flags & ms.rec) !== 0
    parsed.flags |= ms.bind
    mount({ source, target, flags: ms.bind | (recursive ? ms.rec : 0) })
  } else if (Buffer.byteLength(data) <= mountDataLimit) {
    mount({ source, target, type, flags: parsed.flags, data })
  } else {
    mountByFsconfig(type, source, target, parsed)
  }
}

function finish(parsed: ParsedMountOptions, target: string): void {
  if (parsed.flags & ms.bind && (parsed.flags & remountable) !== 0) {
    mount({ target, flags: ms.bind | ms.remount | (parsed.flags & ~bindFlags) })
  }
  if (parsed.recursiveSet || parsed.recursiveClear) {
    setMountAttributes({ path: target, flags: 0x8000, set: parsed.recursiveSet, clear: parsed.recursiveClear })
  }
  for (const flags of parsed.propagation) mount({ target, flags })
}

const fsconfigCommand = { setFlag: 0, setString: 1, create: 6 } as const

function mountByFsconfig(type: string, source: string, target: string, parsed: ParsedMountOptions): void {
  const context = native().fsopen(type, 1)
  try {
    native().fsconfig(context, fsconfigCommand.setString, 'source', source)
    for (const option of parsed.data) setOption(context, option)
    native().fsconfig(context, fsconfigCommand.create, null, null)
    const mounted = native().fsmount(context, 1, attributesOf(parsed.flags))
    try {
      attachMount(mounted, target)
    } finally {
      closeSync(mounted)
    }
  } finally {
    closeSync(context)
  }
}

// One value of fsconfig(2) is limited to 255 bytes, so each lower layer is added by itself (Linux 6.7).
function setOption(context: number, option: string): void {
  const equals = option.indexOf('=')
  const key = equals < 0 ? option : option.slice(0, equals)
  const value = option.slice(equals + 1)
  if (equals < 0) native().fsconfig(context, fsconfigCommand.setFlag, key, null)
  else if (key === 'lowerdir') addLayers(context, value)
  else native().fsconfig(context, fsconfigCommand.setString, key, value)
}

function addLayers(context: number, layers: string): void {
  for (const layer of layers.split(/(?<!\\):/)) {
    native().fsconfig(context, fsconfigCommand.setString, 'lowerdir+', layer.replaceAll('\\:', ':'))
  }
}

// The per-mount flags of mount(2) and the attributes of fsmount(2) have the same low bits but for the access times.
function attributesOf(flags: number): number {
  const noatime = flags & ms.noatime ? 0x10 : 0
  const strictatime = flags & ms.strictatime ? 0x20 : 0
  const nodiratime = flags & ms.nodiratime ? 0x80 : 0
  return (flags & (ms.rdonly | ms.nosuid | ms.nodev | ms.noexec)) | noatime | strictatime | nodiratime
}
