// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { type TestContext } from 'node:test'
import type { ReloadOptions } from '../reload.ts'
import { readDaemonConfig } from './daemon-json.ts'
import { daemonOptions } from './daemon-options.ts'
import { parseFlags } from './flags.ts'
import { reloadConfig } from './reload-config.ts'

/** A daemon that started with a file, and what it is told and tells. */
function daemon(t: TestContext, config: object, ...args: string[]) {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'teu-reload-'))
  t.after(() => rmSync(directory, { recursive: true }))
  const file = path.join(directory, 'daemon.json')
  const write = (text: string) => writeFileSync(file, text)
  write(JSON.stringify(config))
  const read = () => daemonOptions(parseFlags(args), readDaemonConfig(file, true))
  const started = read()
  const said: [string, unknown][] = []
  const taken: ReloadOptions[] = []
  const levels: string[] = []
  const log = {
    debug() {},
    info: (message: string, fields?: object) => said.push([message, fields]),
    warn: (message: string, fields?: object) => said.push([message, fields]),
    error: (message: string, fields?: object) => said.push([message, fields]),
    setLevel: (level: string) => levels.push(level),
  }
  const engine = {
    reload(options: ReloadOptions) {
      taken.push(options)
      return ['labels']
    },
  }
  return { said, taken, levels, write, reload: () => reloadConfig({ engine, log, started, read }) }
}

test('a reload takes over what can change, and tells what waits for a restart', (t) => {
  const { said, taken, levels, write, reload } = daemon(t, { bridge: 'br1' }, '--label', 'a=b')
  write(JSON.stringify({ bridge: 'br2', labels: ['c=d'], debug: true, 'log-opts': { 'max-file': '2' } }))
  reload()
  assert.deepEqual(taken[0]?.labels, ['a=b', 'c=d'])
  assert.deepEqual(levels, ['debug'])
  assert.deepEqual(said, [
    ['the configuration has been reloaded', { changed: ['labels'] }],
    ['changed options that take effect after a restart', { options: ['bridge', 'log-opts'] }],
  ])
})

test('a file that cannot be read changes nothing, and says why', (t) => {
  const { said, taken, levels, write, reload } = daemon(t, {})
  for (const [text, reason] of [
    ['{', /daemon\.json/],
    ['{"labels": "x"}', /the value of labels has the wrong type/],
    ['{"nosuch": 1}', /don't match any configuration option: nosuch/],
    ['{"log-level": "loud"}', /invalid logging level: loud/],
  ] as const) {
    write(text)
    reload()
    const [message, fields] = said.pop() ?? []
    assert.equal(message, 'the configuration could not be reloaded and stays as it was')
    assert.match((fields as { error: string }).error, reason)
  }
  assert.deepEqual([taken, levels, said], [[], [], []])
})
