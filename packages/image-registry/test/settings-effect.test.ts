// SPDX-License-Identifier: Apache-2.0
// Every setting of `teu-registry serve`, as a flag, in the environment and in a file: it comes to the same registry
// each time, and to another one than without it. A setting that is added needs a line here.
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import test, { after } from 'node:test'
import { initOf } from '../src/server/config/init-of.ts'
import { variableOf } from '../src/server/config/read-settings.ts'
import { serveCommand, settingsGiven } from '../src/server/config/serve-command.ts'
import { type Setting, type SettingName, settings } from '../src/server/config/settings.ts'

const directory = await mkdtemp(path.join(tmpdir(), 'teu-settings-'))
const at = (name: string) => path.join(directory, name)
await mkdir(at('root'))
for (const name of ['one.pem', 'two.pem', 'users']) await writeFile(at(name), `content of ${name}`)
after(() => rm(directory, { recursive: true }))

interface Sample {
  /** As it would be written, and not what holds without it; of a list, its entries. */
  value: string | string[] | boolean
  /** Flags without which it means nothing. */
  beside?: string[]
  /** What it comes to cannot be compared, because it is the process's, or a storage; other tests show its effect. */
  isOpaque?: true
}

const users = ['--htpasswd', at('users')]
const proxy = ['--proxy', 'https://upstream.example']
const tls = ['--tls-cert', at('one.pem'), '--tls-key', at('two.pem')]
const keys = [...users, '--token-keys', at('one.pem')]
const bucket = ['--s3-bucket', 'images']
const hook = ['--webhook', 'https://hooks.example']

const samples: Record<SettingName, Sample> = {
  addr: { value: '127.0.0.1:6000' },
  'tls-cert': { value: at('one.pem'), beside: ['--tls-key', at('two.pem')] },
  'tls-key': { value: at('two.pem'), beside: ['--tls-cert', at('one.pem')] },
  'tls-client-ca': { value: at('one.pem'), beside: tls },
  'allow-http': { value: true },
  'trusted-proxy': { value: ['10.0.0.0/8', '192.168.0.0/16'] },
  grace: { value: '3s', isOpaque: true },
  'debug-addr': { value: '127.0.0.1:6001' },
  root: { value: at('other') },
  's3-bucket': { value: 'images', isOpaque: true },
  's3-endpoint': { value: 'http://127.0.0.1:9', isOpaque: true, beside: bucket },
  's3-region': { value: 'eu-central-1', isOpaque: true, beside: bucket },
  's3-prefix': { value: 'registry', isOpaque: true, beside: bucket },
  'read-only': { value: true },
  delete: { value: true },
  'immutable-tags': { value: ['team/**:v*', 'x:1'] },
  collect: { value: true },
  'collect-every': { value: '2h', beside: ['--collect'] },
  'collect-grace': { value: '2h', beside: ['--collect'] },
  'collect-untagged': { value: '30d', beside: ['--collect'] },
  'upload-expiry': { value: '2h', beside: ['--collect'] },
  htpasswd: { value: at('users') },
  access: { value: ['alice=**:*', 'bob=team/**:pull'], beside: users },
  'anonymous-pull': { value: ['public/**'], beside: users },
  'failed-logins': { value: '5/1h', beside: users },
  token: { value: true, beside: users },
  'token-signing-key': { value: at('one.pem'), beside: users },
  'token-lifetime': { value: '2m', beside: [...users, '--token'] },
  'token-keys': { value: at('one.pem'), beside: users },
  'token-jwks-url': { value: 'https://tokens.example/jwks', beside: users },
  'token-realm': { value: 'https://tokens.example/token', beside: keys },
  'token-service': { value: 'registry.example', beside: keys },
  'token-issuer': { value: 'tokens.example', beside: keys },
  'rate-limit': { value: '600/1m' },
  'pull-limit': { value: '100/6h' },
  'max-manifest': { value: '1MiB' },
  'max-blob': { value: '10GB' },
  quota: { value: ['team/**=10GiB', 'x=1GB'] },
  'max-connections': { value: '1000' },
  'idle-timeout': { value: '1m' },
  warning: { value: ['old/**=moves to new/', 'x=y=z'] },
  webhook: { value: ['https://one.example/', 'https://two.example/'] },
  'webhook-header': { value: ['Authorization: Bearer x'], beside: hook },
  'webhook-action': { value: ['push', 'delete'], beside: hook },
  metrics: { value: true },
  page: { value: false },
  'log-level': { value: 'warn', isOpaque: true },
  'log-format': { value: 'text', isOpaque: true },
  proxy: { value: 'https://upstream.example' },
  'proxy-username': { value: 'me', beside: [...proxy, '--proxy-password', 'secret'] },
  'proxy-password': { value: 'secret', beside: [...proxy, '--proxy-username', 'me'] },
  'proxy-realm': { value: ['https://tokens.example'], beside: proxy },
  'proxy-ca': { value: at('one.pem'), beside: proxy },
  'proxy-repository': { value: ['library/**'], beside: proxy },
  'proxy-fresh': { value: '1h', beside: proxy },
}

const nobody = {
  ...{ stdout: { write() {} }, stderr: { write() {} }, stdin: (async function* () {})() },
  ...{ on() {}, once() {}, removeListener() {} },
}

/** What a start with these arguments comes to; what it is refused with instead. */
async function outcome({ argv, env = {} }: { argv: string[]; env?: Record<string, string> }, isOpaque: boolean) {
  const command = serveCommand({ ...nobody, env }).exitOverride()
  command.parseOptions(argv)
  const { settings: given, unknownVariables } = await settingsGiven(command, { env })
  assert.deepEqual(unknownVariables, [])
  return isOpaque ? given : initOf(given)
}

for (const [name, { value, beside = [], isOpaque = false }] of Object.entries(samples)) {
  test(`--${name}, ${variableOf(name)} and ${name} of the file come to the same, and to something`, async () => {
    // A key of its own would be made at the first start.
    const argv = ['--root', at('root'), ...beside].slice(name === 'root' ? 2 : 0)
    const flag = typeof value === 'boolean' ? [value ? `--${name}` : `--no-${name}`] : undefined
    const flags = flag ?? [value].flat().flatMap((entry) => [`--${name}`, String(entry)])
    const file = at(`${name}.toml`)
    const { kind } = (settings as Record<string, Setting>)[name] as Setting
    await writeFile(file, `${name} = ${kind === 'integer' ? value : JSON.stringify(value)}\n`)
    const text = Array.isArray(value) ? value.join(';') : String(value)
    const byFlag = await outcome({ argv: [...argv, ...flags] }, isOpaque)
    const without = await outcome({ argv }, isOpaque).catch((error: Error) => error)
    assert.notDeepEqual(byFlag, without, 'it changes nothing')
    for (const given of [
      { argv, env: { [variableOf(name)]: text } },
      { argv: [...argv, '--config', file] },
      { argv, env: { TEU_REGISTRY_CONFIG: file } },
    ])
      assert.deepEqual(await outcome(given, isOpaque), byFlag)
  })
}
