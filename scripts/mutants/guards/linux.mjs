// SPDX-License-Identifier: Apache-2.0
export default [
  {
    title: 'paths are resolved inside the root',
    file: 'packages/linux/src/root-directory/root-directory.ts',
    guard: 'const inRoot = resolveFlags.inRoot | resolveFlags.noMagiclinks',
    instead: 'const inRoot = resolveFlags.noMagiclinks',
    tests: ['packages/linux/test/root-directory.test.ts'],
    only: 'links to the host lead to the same place',
    because: 'a symlink of an image would select a file of the host',
  },
  {
    title: 'magic links are not followed',
    file: 'packages/linux/src/root-directory/root-directory.ts',
    guard: 'const inRoot = resolveFlags.inRoot | resolveFlags.noMagiclinks',
    instead: 'const inRoot = resolveFlags.inRoot',
    tests: ['packages/linux/test/root-directory.test.ts'],
    only: 'magic links of proc',
    because: 'a link of procfs leads to any file of the host, whatever root it is opened in',
  },
]
