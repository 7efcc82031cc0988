// SPDX-License-Identifier: Apache-2.0

/** Flags of mount(2). @public */
export const mountFlags = {
  rdonly: 1,
  nosuid: 2,
  nodev: 4,
  noexec: 8,
  synchronous: 16,
  remount: 32,
  mandlock: 64,
  dirsync: 128,
  nosymfollow: 256,
  noatime: 1024,
  nodiratime: 2048,
  bind: 4096,
  move: 8192,
  rec: 16384,
  silent: 32768,
  posixacl: 1 << 16,
  unbindable: 1 << 17,
  private: 1 << 18,
  slave: 1 << 19,
  shared: 1 << 20,
  relatime: 1 << 21,
  iversion: 1 << 23,
  strictatime: 1 << 24,
  lazytime: 1 << 25,
} as const

/** Flags of umount2(2). @public */
export const umountFlags = { force: 1, detach: 2, expire: 4, noFollow: 8 } as const

/** Attributes of mount_setattr(2) and fsmount(2). `atimeMask` covers the access time modes, of which relatime is 0. @public */
export const mountAttributes = {
  rdonly: 0x1,
  nosuid: 0x2,
  nodev: 0x4,
  noexec: 0x8,
  atimeMask: 0x70,
  relatime: 0x0,
  noatime: 0x10,
  strictatime: 0x20,
  nodiratime: 0x80,
  idmap: 0x100000,
  nosymfollow: 0x200000,
} as const

/** Flags of the calls that take a directory descriptor and a path. @public */
export const atFlags = {
  fdcwd: -100,
  symlinkNofollow: 0x100,
  removedir: 0x200,
  symlinkFollow: 0x400,
  noAutomount: 0x800,
  emptyPath: 0x1000,
  recursive: 0x8000,
} as const

/** Flags of open_tree(2), move_mount(2), fsopen(2) and fsmount(2). @public */
export const mountApiFlags = {
  openTreeClone: 1,
  openTreeCloexec: 0o2000000,
  moveMountFromEmptyPath: 0x4,
  moveMountToEmptyPath: 0x40,
  fsopenCloexec: 1,
  fsmountCloexec: 1,
} as const
