// SPDX-License-Identifier: Apache-2.0
export default [
  {
    title: 'a commit has the digest that was announced',
    file: 'packages/containerd/src/content/content-writer.ts',
    guard: "if (!wrongSize && (expected === '' || expected === digest)) return",
    instead: 'if (!wrongSize) return',
    tests: ['packages/containerd/test/content.test.ts'],
    because: 'a blob would be stored under a digest that its bytes do not have',
  },
]
