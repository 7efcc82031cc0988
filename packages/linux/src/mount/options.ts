// SPDX-License-Identifier: Apache-2.0
import { mountAttributes as attr, mountFlags as ms } from './constants.ts'

/** What a list of mount options asks for, in terms of the system calls. @public */
export interface ParsedMountOptions {
  /** Bits of {@link mountFlags} to set. */
  flags: number
  /** Bits that options such as `rw`, `dev` or `exec` named as absent; on a remount they override the source's. */
  clearFlags: number
  /** Propagation changes, in order, each one call of mount(2): `MS_PRIVATE`, `MS_SLAVE | MS_REC`, ... */
  propagation: number[]
  /** Attributes to set on the whole tree by mount_setattr(2), AT_RECURSIVE. */
  recursiveSet: number
  /** Attributes to clear on the whole tree. */
  recursiveClear: number
  /** What the file system reads itself. */
  data: string[]
  /** `idmap` maps this mount by the container's ids, `ridmap` the whole tree. */
  idmap?: 'idmap' | 'ridmap'
  /** Copy what the mount covers into the new tmpfs. */
  copyUp: boolean
}

type Change = { set?: number; clear?: number }

const options: Readonly<Record<string, Change>> = {
  async: { clear: ms.synchronous },
  atime: { clear: ms.noatime },
  bind: { set: ms.bind },
  defaults: {},
  dev: { clear: ms.nodev },
  diratime: { clear: ms.nodiratime },
  dirsync: { set: ms.dirsync },
  exec: { clear: ms.noexec },
  iversion: { set: ms.iversion },
  lazytime: { set: ms.lazytime },
  loud: { clear: ms.silent },
  mand: { set: ms.mandlock },
  noatime: { set: ms.noatime },
  nodev: { set: ms.nodev },
  nodiratime: { set: ms.nodiratime },
  noexec: { set: ms.noexec },
  noiversion: { clear: ms.iversion },
  nolazytime: { clear: ms.lazytime },
  nomand: { clear: ms.mandlock },
  norelatime: { clear: ms.relatime },
  nostrictatime: { clear: ms.strictatime },
  nosuid: { set: ms.nosuid },
  nosymfollow: { set: ms.nosymfollow },
  rbind: { set: ms.bind | ms.rec },
  relatime: { set: ms.relatime },
  remount: { set: ms.remount },
  ro: { set: ms.rdonly },
  rw: { clear: ms.rdonly },
  silent: { set: ms.silent },
  strictatime: { set: ms.strictatime },
  suid: { clear: ms.nosuid },
  symfollow: { clear: ms.nosymfollow },
  sync: { set: ms.synchronous },
}

const propagations: Readonly<Record<string, number>> = {
  private: ms.private,
  rprivate: ms.private | ms.rec,
  shared: ms.shared,
  rshared: ms.shared | ms.rec,
  slave: ms.slave,
  rslave: ms.slave | ms.rec,
  unbindable: ms.unbindable,
  runbindable: ms.unbindable | ms.rec,
}

// The access time modes are one field of several bits, so that choosing one clears the field first.
const recursive: Readonly<Record<string, Change>> = {
  rro: { set: attr.rdonly },
  rrw: { clear: attr.rdonly },
  rnosuid: { set: attr.nosuid },
  rsuid: { clear: attr.nosuid },
  rnodev: { set: attr.nodev },
  rdev: { clear: attr.nodev },
  rnoexec: { set: attr.noexec },
  rexec: { clear: attr.noexec },
  rnodiratime: { set: attr.nodiratime },
  rdiratime: { clear: attr.nodiratime },
  rrelatime: { set: attr.relatime, clear: attr.atimeMask },
  rnorelatime: { clear: attr.atimeMask },
  rnoatime: { set: attr.noatime, clear: attr.atimeMask },
  ratime: { clear: attr.atimeMask },
  rstrictatime: { set: attr.strictatime, clear: attr.atimeMask },
  rnostrictatime: { clear: attr.atimeMask },
  rnosymfollow: { set: attr.nosymfollow },
  rsymfollow: { clear: attr.nosymfollow },
}

/** Options that are accepted and change nothing: access control lists are always on. */
const ignored: ReadonlySet<string> = new Set(['acl', 'noacl'])

/**
 * Reads a list of mount options as runc does: known words become flags, the later of two that contradict wins, the
 * rest is data. Never throws; a word that the kernel does not know fails in mount(2).
 *
 * @public
 */
export function parseMountOptions(words: readonly string[]): ParsedMountOptions {
  const parsed: ParsedMountOptions = {
    flags: 0,
    clearFlags: 0,
    propagation: [],
    recursiveSet: 0,
    recursiveClear: 0,
    data: [],
    copyUp: false,
  }
  for (const word of words) readOption(parsed, word)
  return parsed
}

function readOption(parsed: ParsedMountOptions, word: string): void {
  if (word === '' || ignored.has(word)) return
  const plain = lookUp(options, word)
  const propagation = lookUp(propagations, word)
  const attribute = lookUp(recursive, word)
  if (plain) applyPlain(parsed, plain)
  else if (propagation !== undefined) parsed.propagation.push(propagation)
  else if (attribute) applyRecursive(parsed, attribute)
  else if (word === 'tmpcopyup') parsed.copyUp = true
  else if (word === 'idmap' || word === 'ridmap') parsed.idmap = word
  else parsed.data.push(word)
}

function applyPlain(parsed: ParsedMountOptions, { set = 0, clear = 0 }: Change): void {
  parsed.flags = (parsed.flags & ~clear) | set
  parsed.clearFlags = (parsed.clearFlags & ~set) | clear
}

function applyRecursive(parsed: ParsedMountOptions, { set = 0, clear = 0 }: Change): void {
  parsed.recursiveSet = (parsed.recursiveSet & ~clear) | set
  parsed.recursiveClear = (parsed.recursiveClear & ~(set & ~attr.atimeMask)) | clear
}

function lookUp<T>(table: Readonly<Record<string, T>>, word: string): T | undefined {
  return Object.hasOwn(table, word) ? table[word] : undefined
}

/** Every option word that is understood here, for the `features` structure of a runtime. @public */
export const knownMountOptions: readonly string[] = [
  ...Object.keys(options),
  ...Object.keys(propagations),
  ...Object.keys(recursive),
  ...ignored,
  'idmap',
  'ridmap',
  'tmpcopyup',
].sort()
