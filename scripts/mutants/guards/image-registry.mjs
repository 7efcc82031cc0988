// SPDX-License-Identifier: Apache-2.0
export default [
  {
    title: 'a pulled blob has the digest that was asked for',
    file: 'packages/image-registry/src/client/pull-blob.ts',
    guard: 'if (actual !== descriptor.digest) {',
    instead: 'if (actual === undefined) {',
    tests: ['packages/image-registry/test/client-faults.test.ts'],
    only: 'a pull fails when a layer',
    because: 'a registry, or who sits in between, could give any layer for the one that was signed',
  },
]
