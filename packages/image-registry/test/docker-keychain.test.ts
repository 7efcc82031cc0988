// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import test from 'node:test'
import type { Credentials } from '../src/client/auth/credentials.ts'
import { parseDockerConfig } from '../src/client/auth/docker-config.ts'
import { dockerKeychain } from '../src/client/auth/docker-keychain.ts'

const base64 = (text: string) => Buffer.from(text).toString('base64')

/** A home directory with a `config.json`, and programs on the path. */
async function withHome(
  config: unknown,
  programs: Record<string, string>,
  body: (ask: (registry: string) => Promise<Credentials | undefined>, home: string) => Promise<void>,
): Promise<void> {
  const home = await mkdtemp(path.join(tmpdir(), 'teu-keychain-'))
  try {
    await mkdir(path.join(home, '.docker'))
    await mkdir(path.join(home, 'bin'))
    const text = typeof config === 'string' ? config : JSON.stringify(config)
    await writeFile(path.join(home, '.docker/config.json'), text)
    for (const [name, script] of Object.entries(programs)) {
      const file = path.join(home, 'bin', `docker-credential-${name}`)
      await writeFile(file, `#!/bin/sh\n${script}\n`)
      await chmod(file, 0o755)
    }
    const env = { HOME: home, PATH: `${home}/bin:/usr/bin:/bin`, NODE_OPTIONS: '--no-such-option' }
    await body(dockerKeychain({ env, helperTimeoutMs: 2_000 }), home)
  } finally {
    await rm(home, { recursive: true })
  }
}

const auths = {
  'https://index.docker.io/v1/': { auth: base64('hub:pass:word\0\0') },
  'plain.example': { username: 'u', password: 'p' },
  'https://url.example/v2/': { auth: base64('url:x') },
  'url2.example:5000/v1/': { auth: base64('url2:x') },
  'token.example': { auth: base64('name:'), identitytoken: 'refresh' },
  'bearer.example': { registrytoken: 'as-it-is' },
  'podman.example/team': { auth: base64('team:x') },
  'empty.example': {},
}

const expected: [registry: string, credentials: Credentials | undefined][] = [
  ['docker.io', { username: 'hub', password: 'pass:word' }],
  ['plain.example', { username: 'u', password: 'p' }],
  ['url.example', { username: 'url', password: 'x' }],
  ['url2.example:5000', { username: 'url2', password: 'x' }],
  ['token.example', { username: 'name', identityToken: 'refresh' }],
  ['bearer.example', { registryToken: 'as-it-is' }],
  ['podman.example', undefined],
  ['empty.example', undefined],
  ['other.example', undefined],
  ['constructor', undefined],
]

test('credentials are found in a config.json by all the names they are filed under', () =>
  withHome({ auths }, {}, async (ask) => {
    for (const [registry, credentials] of expected) assert.deepEqual(await ask(registry), credentials, registry)
  }))

test('a credential program is asked by its protocol, one for a registry before the one for all', () =>
  withHome(
    { auths, credsStore: 'all', credHelpers: { 'one.example': 'one' } },
    {
      all: 'read server; test "$1" = get && test -z "$NODE_OPTIONS" && printf \'{"Username":"all","Secret":"%s"}\' "$server"',
      one: 'cat >/dev/null; echo \'{"Username":"<token>","Secret":"refresh"}\'',
    },
    async (ask) => {
      assert.deepEqual(await ask('docker.io'), { username: 'all', password: 'https://index.docker.io/v1/' })
      assert.deepEqual(await ask('plain.example'), { username: 'all', password: 'plain.example' })
      assert.deepEqual(await ask('one.example'), { identityToken: 'refresh' })
    },
  ))

const failing: [what: string, script: string, code: string, message: RegExp][] = [
  [
    'fails',
    'echo "keyring is locked" >&2; exit 3',
    'failed-precondition',
    /-x of .*config.json failed .*status 3: keyring/,
  ],
  ['says nothing', 'exit 1', 'failed-precondition', /without a word/],
  ['answers something else', 'echo secret', 'failed-precondition', /no credentials$/],
  ['hangs', 'exec sleep 60', 'deadline-exceeded', /no answer within 2000 ms/],
  ['never ends', 'exec yes', 'resource-exhausted', /without end/],
]

for (const [what, script, code, message] of failing) {
  test(`a credential program that ${what} is an error, and no other credentials are taken`, () =>
    withHome({ auths, credsStore: 'x' }, { x: script }, async (ask) => {
      await assert.rejects(ask('plain.example'), (error: Error & { code: string }) => {
        assert.equal(error.code, code)
        assert.match(error.message, message)
        assert.ok(!error.message.includes('secret'))
        return true
      })
    }))
}

test('a credential program that is not there, or has no name, is an error', async () => {
  await withHome({ auths, credsStore: 'absent' }, {}, (ask) =>
    assert.rejects(ask('plain.example'), {
      code: 'failed-precondition',
      message: /docker-credential-absent.*not installed/,
    }),
  )
  await withHome({ credHelpers: { 'a.example': '../../bin/sh' } }, {}, (ask) =>
    assert.rejects(ask('a.example'), { code: 'failed-precondition', message: /a name that is none/ }),
  )
})

test('a credential program that has nothing means anonymous', () =>
  withHome({ auths, credsStore: 'x' }, { x: 'echo credentials not found in native keychain; exit 1' }, async (ask) =>
    assert.equal(await ask('plain.example'), undefined),
  ))

test('a malformed file is an error without a word of what is in it', async () => {
  for (const bad of [
    '{"auths": secret}',
    '[]',
    '{"auths": 5}',
    '{"auths": {"r": "x"}}',
    '{"auths": {"r": {"auth": "c2VjcmV0"}}}',
  ])
    await withHome(bad, {}, (ask) =>
      assert.rejects(ask('r'), (error: Error & { code: string }) => {
        assert.equal(error.code, 'invalid-argument')
        assert.match(error.message, /config\.json/)
        assert.ok(!error.message.includes('secret'))
        return true
      }),
    )
  await withHome('', {}, async (ask) => assert.equal(await ask('r'), undefined))
})

test('the variable comes before the files, podman behind docker', async () => {
  const home = await mkdtemp(path.join(tmpdir(), 'teu-keychain-'))
  try {
    const file = path.join(home, 'auth.json')
    await writeFile(file, JSON.stringify({ auths: { r: { auth: base64('podman:x') } } }))
    const env = { HOME: home, REGISTRY_AUTH_FILE: file }
    assert.deepEqual(await dockerKeychain({ env })('r'), { username: 'podman', password: 'x' })
    const inline = { ...env, DOCKER_AUTH_CONFIG: JSON.stringify({ auths: { r: { auth: base64('ci:y') } } }) }
    assert.deepEqual(await dockerKeychain({ env: inline })('r'), { username: 'ci', password: 'y' })
    assert.equal(await dockerKeychain({ env: { HOME: '/nonexistent' } })('r'), undefined)
  } finally {
    await rm(home, { recursive: true })
  }
})

test('no key of a file can be mistaken for something else', () => {
  const { auths: parsed } = parseDockerConfig('{"auths":{"__proto__":{"auth":"YTpi"}}}', 'x')
  assert.deepEqual([...parsed.keys()], ['__proto__'])
  assert.equal(Object.getPrototypeOf({}), Object.prototype)
})
