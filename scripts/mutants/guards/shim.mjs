// SPDX-License-Identifier: Apache-2.0
export default [
  {
    title: 'an id is an identifier, and never a path',
    file: 'packages/shim/src/task/identifier.ts',
    guard: '  if (id.length > 0 && id.length <= 76 && ',
    instead: '  if (id.length > 0 || ',
    tests: ['packages/shim/src/task/identifier.test.ts'],
    because: 'the id of a request would select a folder of the host to remove',
  },
  {
    title: 'a standard stream holds no null character',
    file: 'packages/shim/src/monitor/stream-uri.ts',
    guard: "  if (uri.includes('\\0'))",
    instead: '  if (uri === undefined)',
    tests: ['packages/shim/src/monitor/stream-uri.test.ts'],
    because: 'what is checked and what the kernel opens would be different paths',
  },
  {
    title: 'sockets lie in a folder that nobody else can write to',
    file: 'packages/shim/src/bootstrap/shim-address.ts',
    guard: 'if (uid !== process.geteuid?.() || (mode & 0o022) !== 0) {',
    instead: 'if (uid === undefined) {',
    tests: ['packages/shim/test/cve/cve-2020-15257.test.ts'],
    only: 'a folder for sockets that others can write to',
    because: 'another user could put a socket of his own in place of a shim',
  },
  {
    title: 'another user is sent away from a shim',
    file: 'packages/shim/src/commands/serve.ts',
    guard: 'return uid === 0 || uid === process.geteuid?.()',
    instead: 'return uid >= 0',
    tests: ['packages/shim/test/cve/cve-2020-15257.test.ts'],
    only: 'another user who reaches a socket',
    build: ['programs'],
    because: 'a user who reaches the socket is root of every container (CVE-2020-15257)',
  },
]
