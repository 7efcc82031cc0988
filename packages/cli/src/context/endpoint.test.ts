// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { loadConfigFile } from './config-file.ts'
import { type EndpointSources, type GlobalFlags, normalizeHost, resolveEndpoint } from './endpoint.ts'

const flags: GlobalFlags = {
  hosts: [],
  context: '',
  configDirectory: '/nonexistent',
  debug: false,
  logLevel: 'info',
  tls: false,
  tlsVerify: false,
  tlsCa: '',
  tlsCert: '',
  tlsKey: '',
}

type Sources = Partial<Omit<EndpointSources, 'flags'>> & { flags?: Partial<GlobalFlags> }

function resolve(sources: Sources = {}) {
  return resolveEndpoint({
    env: {},
    currentContext: () => '',
    defaultHost: 'unix:///run/default.sock',
    ...sources,
    flags: { ...flags, ...sources.flags },
  })
}

test('hosts as a user types them', () => {
  for (const [typed, host] of [
    [':', 'tcp://localhost:2375'],
    [':80', 'tcp://localhost:80'],
    ['example.org', 'tcp://example.org:2375'],
    ['tcp://', 'tcp://localhost:2375'],
    ['tcp://example.org:1/base', 'tcp://example.org:1/base'],
    ['unix://', 'unix:///d'],
    ['unix:///x', 'unix:///x'],
    ['tcp://[::1]:5', 'tcp://[::1]:5'],
  ] as const) {
    assert.equal(normalizeHost(typed, 'unix:///d'), host)
  }
  assert.equal(normalizeHost('tcp://h', '', true), 'tcp://h:2376')
  assert.throws(() => normalizeHost('foo://x', ''), { message: 'invalid bind address format: foo://x' })
})

test('flag, environment and default, in this order', () => {
  assert.deepEqual(resolve(), { host: 'unix:///run/default.sock', isDefault: true, contextName: 'default' })
  const env = { DOCKER_HOST: 'unix:///e', DOCKER_CONTEXT: 'ignored' }
  assert.equal(resolve({ env }).host, 'unix:///e')
  assert.equal(resolve({ env, flags: { hosts: ['unix:///f'] } }).host, 'unix:///f')
  assert.throws(() => resolve({ flags: { hosts: ['a'], context: 'b' } }), /cannot specify both --host and --context/)
})

test('contexts are read from the store, certificates included', () => {
  const configDirectory = mkdtempSync(join(tmpdir(), 'teu-cli-context-'))
  try {
    const id = createHash('sha256').update('lab').digest('hex')
    const meta = join(configDirectory, 'contexts/meta', id)
    const tls = join(configDirectory, 'contexts/tls', id, 'docker')
    mkdirSync(meta, { recursive: true })
    mkdirSync(tls, { recursive: true })
    const endpoint = { docker: { Host: 'tcp://lab:2376', SkipTLSVerify: false } }
    writeFileSync(join(meta, 'meta.json'), JSON.stringify({ Name: 'lab', Endpoints: endpoint }))
    writeFileSync(join(tls, 'ca.pem'), 'CA')
    const everySource: Sources[] = [
      { flags: { configDirectory, context: 'lab' } },
      { flags: { configDirectory }, env: { DOCKER_CONTEXT: 'lab' } },
      { flags: { configDirectory }, currentContext: () => 'lab' },
    ]
    for (const sources of everySource) {
      const found = resolve(sources)
      assert.deepEqual([found.host, found.contextName, found.tls?.verify], ['tcp://lab:2376', 'lab', true])
      assert.equal(String(found.tls?.ca), 'CA')
    }
    assert.throws(() => resolve({ flags: { configDirectory, context: 'nope' } }), /context "nope": context not found/)
  } finally {
    rmSync(configDirectory, { recursive: true, force: true })
  }
})

test('a config file that is broken or of another shape is empty, with a warning', () => {
  const directory = mkdtempSync(join(tmpdir(), 'teu-cli-config-'))
  try {
    const load = (content: string) => {
      writeFileSync(join(directory, 'config.json'), content)
      return loadConfigFile(directory)
    }
    assert.match(load('{x').warning ?? '', /^Error parsing config file \(.*config\.json\): /)
    assert.match(load('[1]').warning ?? '', /not a JSON object/)
    const { config, warning } = load('{"auths":7,"credsStore":{},"detachKeys":"ctrl-a","psFormat":"{{.ID}}","other":1}')
    assert.equal(warning, undefined)
    assert.deepEqual([config.auths, config.credsStore, config.detachKeys], [{}, '', 'ctrl-a'])
    assert.equal(config.formats.psFormat, '{{.ID}}')
    assert.equal(loadConfigFile('/nonexistent').warning, undefined)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
})
