// SPDX-License-Identifier: Apache-2.0
export default [
  {
    title: 'a frame over 4 MiB is skipped, not kept',
    file: 'packages/ttrpc/src/frame-reader.ts',
    guard: 'if (header.length <= maximumMessageLength) {',
    instead: 'if (header.length >= 0) {',
    tests: ['packages/ttrpc/src/frame-reader.test.ts'],
    because: 'a header of ten bytes would have a peer take 4 GiB of memory',
  },
  {
    title: 'metadata keys do not reach the prototype',
    file: 'packages/ttrpc/src/envelope.ts',
    guard: 'const metadata: Record<string, string> = Object.create(null)',
    instead: 'const metadata: Record<string, string> = {}',
    tests: ['packages/ttrpc/src/envelope.test.ts'],
    because: 'a peer would choose what properties objects have that never had them',
  },
  {
    title: 'calls in flight on one connection are bounded',
    file: 'packages/ttrpc/src/server-connection.ts',
    guard: 'if (this.#calls.size >= this.#init.maximumConcurrentCalls) {',
    instead: 'if (this.#calls.size < 0) {',
    tests: ['packages/ttrpc/src/bad-frames.test.ts'],
    only: 'calls beyond the limit are refused',
    because: 'one client could take all memory with calls that it never waits for',
  },
]
