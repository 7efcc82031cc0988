// SPDX-License-Identifier: Apache-2.0
const authorizer = 'packages/image-registry/src/client/auth/authorizer.ts'

export default [
  {
    title: 'a registry that is reached over TLS may not have secrets sent in clear',
    file: authorizer,
    guard: "if (url.protocol === 'https:') return",
    instead: "if (url.protocol !== 'file:') return",
    tests: ['packages/image-registry/src/client/auth/authorizer.test.ts'],
    because: 'who answers in place of the registry once would have the password sent past TLS',
  },
  {
    title: 'a registry that may be insecure has secrets sent in clear to its own host only',
    file: authorizer,
    guard: "(registry.protocol === 'http:' || registry.hostname === url.hostname)",
    instead: 'registry.hostname !== undefined',
    tests: ['packages/image-registry/src/client/auth/authorizer.test.ts'],
    because: 'any registry on this machine could send passwords to another machine in clear',
  },
  {
    title: 'no token service is looked for where cloud machines have their metadata',
    file: authorizer,
    guard: '!isHttp || isLinkLocal(realm) ||',
    instead: '!isHttp ||',
    tests: ['packages/image-registry/test/client-auth.test.ts'],
    only: 'the token realm "http://169',
    because: 'a registry could have the machine read its own credentials and send them on',
  },
]
