// SPDX-License-Identifier: Apache-2.0
export default [
  {
    title: 'plain TCP beyond loopback is refused',
    file: 'packages/engine/src/http/listen.ts',
    guard: '    if (!options.tcpInsecure) {',
    instead: '    if (options.tcpInsecure === null) {',
    tests: ['packages/engine/src/http/listen.test.ts'],
    only: 'plain TCP beyond loopback is refused',
    because: 'everybody who reaches the port is root here',
  },
  {
    title: 'bodies are nested only so deep',
    file: 'packages/engine-api/src/body/parse-body.ts',
    guard: '      if (++depth > limit) return true',
    instead: '      if (++depth < 0) return true',
    tests: ['packages/engine-api/src/body/body.test.ts'],
    because: 'a body of brackets holds up the daemon for seconds, or ends it',
  },
  {
    title: 'an image that came with the program asks no registry',
    file: 'packages/engine/src/images/pull/pull-image.ts',
    guard: '  if (bundled) return yield* fromBundle(context, wanted, bundled, options)\n',
    instead: '',
    tests: ['packages/engine/test/bundled-image.test.ts'],
    only: 'is there at once and for this platform',
    deadline: 30,
    because: 'the first run would wait for a registry, and take what somebody else has put there under this name',
  },
]
