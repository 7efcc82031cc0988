// SPDX-License-Identifier: Apache-2.0
// Guards against layers of images.
export default [
  {
    title: 'a name of an archive leads nowhere but below the root',
    file: 'packages/containerd/src/diff/entry-path.ts',
    guard: "    if (part === '..') parts.pop()\n",
    instead: "    if (part === '..') parts.push(part)\n",
    tests: ['packages/containerd/src/diff/entry-path.test.ts'],
    because: 'a layer would name files beside its own folder',
  },
  {
    title: 'a name of an archive has no NUL',
    file: 'packages/containerd/src/diff/entry-path.ts',
    guard: "  if (name.includes('\\0')) throw invalid(name, 'has a NUL')\n",
    instead: '',
    tests: ['packages/containerd/src/diff/entry-path.test.ts'],
    because: 'what is checked and what is made would be different names',
  },
  {
    title: 'a whiteout hides an entry, not the folder that it is in',
    file: 'packages/containerd/src/diff/entry-path.ts',
    guard: "  if (hidden === '' || hidden === '.' || hidden === '..') throw",
    instead: '  if (hidden === undefined) throw',
    tests: ['packages/containerd/src/diff/entry-path.test.ts'],
    because: 'a layer would remove what is beside its own folder',
  },
  {
    title: 'attributes that steer overlayfs are not taken from an image',
    file: 'packages/containerd/src/diff/entry-metadata.ts',
    guard: "return !name.startsWith('user.overlay.')",
    instead: 'return true',
    tests: ['packages/containerd/src/diff/entry-path.test.ts'],
    only: 'attributes that steer the kernel',
    because: 'an image would have overlayfs show other files than its layers have',
  },
  {
    title: 'only attributes that are known go to the kernel',
    file: 'packages/containerd/src/diff/entry-metadata.ts',
    guard: "  return name.startsWith('security.') || name ===",
    instead: "  return name !== '' || name ===",
    tests: ['packages/containerd/src/diff/entry-path.test.ts'],
    only: 'attributes that steer the kernel',
    because: 'an image would set trusted attributes as root of the host',
  },
]
