// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { codeOf } from '@teu/errors'
import { engineVersion } from '../version.ts'
import { parseDaemonConfig } from './daemon-json.ts'
import { daemonOptions } from './daemon-options.ts'
import { parseFlags, usage } from './flags.ts'

const invalid = (error: unknown) => codeOf(error) === 'invalid-argument'

test('flags go before the file, and the file before the defaults', () => {
  const flags = parseFlags([
    '--data-root',
    '/d',
    '-H',
    'unix:///a',
    '-H',
    'tcp://127.0.0.1:1',
    '-D',
    '--log-opt',
    'max-size=1m',
  ])
  const options = daemonOptions(flags, { bridge: 'br9', 'log-opts': { 'max-file': '2' } })
  assert.equal(options.engine.dataRoot, '/d/engine')
  assert.deepEqual(options.roots, { data: '/d', exec: '/run/teu' })
  assert.equal(options.engine.execRoot, '/run/teu/engine')
  assert.equal(options.engine.bridge, 'br9')
  assert.deepEqual(options.hosts, ['unix:///a', 'tcp://127.0.0.1:1'])
  assert.deepEqual(options.engine.logConfig, { Type: 'json-file', Config: { 'max-file': '2', 'max-size': '1m' } })
  assert.equal(options.logLevel, 'debug')
})

test('a directive in both places is refused', () => {
  assert.throws(
    () => daemonOptions(parseFlags(['-b', 'x']), { bridge: 'y' }),
    /specified both as a flag and in the configuration file: bridge: \(from flag: x, from file: y\)/,
  )
})

test('unknown flags, keys and wrong types are refused', () => {
  assert.throws(() => parseFlags(['--nope']), invalid)
  assert.throws(() => parseFlags(['stray']), invalid)
  assert.throws(
    () => parseDaemonConfig('{"storage-drivr":"x"}', 'f'),
    /don't match any configuration option: storage-drivr/,
  )
  assert.throws(() => parseDaemonConfig('{"hosts":"x"}', 'f'), /value of hosts has the wrong type/)
  assert.throws(() => parseDaemonConfig('[]', 'f'), invalid)
  assert.throws(() => parseDaemonConfig('{', 'f'), invalid)
  assert.throws(() => daemonOptions(parseFlags(['-l', 'loud']), {}), /invalid logging level: loud/)
  assert.throws(() => daemonOptions(parseFlags(['--log-opt', 'x']), {}), invalid)
  assert.deepEqual(parseDaemonConfig('', 'f'), {})
})

test('the usage text names every flag', () => {
  for (const flag of [
    'data-root',
    'exec-root',
    'host',
    'containerd',
    'config-file',
    'pidfile',
    'bridge',
    'bip',
    'debug',
  ]) {
    assert.ok(usage.includes(`--${flag}`), flag)
  }
})

test("the version is the package's", () => {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  assert.equal(engineVersion, manifest.version)
})
