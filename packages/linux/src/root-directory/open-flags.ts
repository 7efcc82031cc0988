// SPDX-License-Identifier: Apache-2.0

/** How openat2(2) resolves a path. @public */
export const resolveFlags = {
  noXdev: 0x01,
  noMagiclinks: 0x02,
  noSymlinks: 0x04,
  beneath: 0x08,
  inRoot: 0x10,
  cached: 0x20,
} as const

/** Open flags that `node:fs` constants lack, or that differ between processors there. @public */
export const openFlags = {
  path: 0o10000000,
  cloexec: 0o2000000,
  directory: process.arch === 'arm64' ? 0o40000 : 0o200000,
  nofollow: process.arch === 'arm64' ? 0o100000 : 0o400000,
} as const

/** File types in `mode`, and as names. @public */
export const fileTypes = {
  mask: 0o170000,
  socket: 0o140000,
  symlink: 0o120000,
  regular: 0o100000,
  blockDevice: 0o060000,
  directory: 0o040000,
  characterDevice: 0o020000,
  fifo: 0o010000,
} as const
