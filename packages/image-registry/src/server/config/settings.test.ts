// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { parseDuration, parseSize } from './quantities.ts'
import { readSettings, variableOf } from './read-settings.ts'
import { serveCommand } from './serve-command.ts'
import { type Setting, type SettingName, settings } from './settings.ts'

/** Of each kind, three values as they are written, and what they come to. */
const values: Record<Setting['kind'], [written: string, value: unknown][]> = {
  text: [
    ['a', 'a'],
    ['b', 'b'],
    ['c', 'c'],
  ],
  file: [
    ['a', 'a'],
    ['b', 'b'],
    ['c', 'c'],
  ],
  flag: [
    ['true', true],
    ['false', false],
    ['true', true],
  ],
  integer: [
    ['1', 1],
    ['2', 2],
    ['3', 3],
  ],
  size: [
    ['1KB', 1000],
    ['2MiB', 2_097_152],
    ['3', 3],
  ],
  duration: [
    ['1s', 1000],
    ['2m', 120_000],
    ['3ms', 3],
  ],
  rate: [
    ['1/s', { count: 1, seconds: 1 }],
    ['2/1m', { count: 2, seconds: 60 }],
    ['3/6h', { count: 3, seconds: 21_600 }],
  ],
  list: [
    ['a;b', ['a', 'b']],
    ['c', ['c']],
    ['d', ['d']],
  ],
}

for (const [name, { kind }] of Object.entries<Setting>(settings)) {
  test(`--${name} goes before ${variableOf(name)}, that before the file, and that before the default`, async () => {
    const [flag, variable, inFile] = values[kind] as [[string, unknown], [string, unknown], [string, unknown]]
    const asFlag = kind === 'flag' ? flag[1] : kind === 'list' ? flag[0].split(';') : flag[0]
    const toml = kind === 'flag' ? inFile[0] : kind === 'list' ? JSON.stringify(inFile[1]) : JSON.stringify(inFile[0])
    const file = { name: 'f.toml', text: `${name} = ${toml}` }
    const env = { [variableOf(name)]: variable[0] }
    const read = async (sources: Parameters<typeof readSettings>[0]) =>
      (await readSettings(sources)).settings[name as SettingName]
    assert.deepEqual(await read({ flags: { [name]: asFlag as string }, env, file }), flag[1])
    assert.deepEqual(await read({ flags: {}, env, file }), variable[1])
    assert.deepEqual(await read({ flags: {}, env: { [variableOf(name)]: '' }, file }), inFile[1])
    const fallback = (settings as Record<string, Setting>)[name]?.default
    assert.equal((await read({ flags: {}, env: {} })) === undefined, fallback === undefined)
  })
}

test('what is wrong is told with its place', async () => {
  const env = (name: string, value: string) => ({ flags: {}, env: { [name]: value } })
  const file = (text: string) => ({ flags: {}, env: {}, file: { name: 'etc/r.toml', text } })
  for (const [sources, message] of [
    [{ flags: { 'max-blob': 'big' }, env: {} }, /^--max-blob: "big" is no size/],
    [env('TEU_REGISTRY_RATE_LIMIT', '5'), /^TEU_REGISTRY_RATE_LIMIT: rate "5": want COUNT\/PERIOD/],
    [env('TEU_REGISTRY_PAGE', 'maybe'), /^TEU_REGISTRY_PAGE: want true or false/],
    [env('TEU_REGISTRY_GRACE', '10'), /^TEU_REGISTRY_GRACE: "10" is no duration/],
    [env('TEU_REGISTRY_MAX_CONNECTIONS', '-1'), /^TEU_REGISTRY_MAX_CONNECTIONS: "-1" is no whole number/],
    [file('grace = true'), /^etc\/r.toml: grace: want a text or a number/],
    [file('webhook = [1]'), /^etc\/r.toml: webhook: want a list of texts/],
    [file('htpaswd = "x"'), /^etc\/r.toml: there is no setting "htpaswd"/],
    [file('__proto__ = "x"'), /^etc\/r.toml: /],
    [file('a = '), /^etc\/r.toml: Invalid TOML/],
  ] as [Parameters<typeof readSettings>[0], RegExp][]) {
    await assert.rejects(
      readSettings(sources),
      (error: Error & { code: string }) => error.code === 'invalid-argument' && message.test(error.message),
      String(message),
    )
  }
})

test('variables that nobody reads are named, but not those that Kubernetes makes', async () => {
  const env = {
    TEU_REGISTRY_HTPASWD: 'x',
    TEU_REGISTRY_PORT: 'tcp://10.0.0.1:5000',
    TEU_REGISTRY_SERVICE_HOST: 'h',
    TEU_REGISTRY_CONFIG: 'c',
    OTHER: 'x',
  }
  assert.deepEqual((await readSettings({ flags: {}, env })).unknownVariables, ['TEU_REGISTRY_HTPASWD'])
})

test('quantities', () => {
  for (const [text, value] of [
    ['0', 0],
    ['1h30m', 5_400_000],
    ['1.5s', 1500],
    ['90d', 7_776_000_000],
    ['250ms', 250],
  ] as const) {
    assert.equal(parseDuration(text), value)
  }
  for (const [text, value] of [
    ['0', 0],
    ['4MiB', 4_194_304],
    ['10 GB', 1e10],
    ['1.5kb', 1500],
    ['1tib', 2 ** 40],
  ] as const) {
    assert.equal(parseSize(text), value)
  }
  for (const text of ['', '5', 's', '-1s', '1 s', '1y', '1s1'])
    assert.throws(() => parseDuration(text), { code: 'invalid-argument' }, text)
  for (const text of ['', 'MB', '-1', '1EB', '1 2', '1e3', '99999999TB'])
    assert.throws(() => parseSize(text), { code: 'invalid-argument' }, text)
  fc.assert(
    fc.property(fc.string(), (text) => {
      for (const parse of [parseDuration, parseSize]) {
        try {
          assert.ok(Number.isSafeInteger(parse(text)))
        } catch (error) {
          assert.equal((error as { code?: string }).code, 'invalid-argument')
        }
      }
    }),
  )
})

test('help names every setting, and what stands where nothing is given', () => {
  const around = {
    stdout: { write() {} },
    stderr: { write() {} },
    stdin: (async function* () {})(),
    env: {},
    on() {},
    once() {},
    removeListener() {},
  }
  const help = serveCommand(around).helpInformation().replace(/\s+/g, ' ')
  for (const [name, setting] of Object.entries<Setting>(settings)) {
    assert.ok(help.includes(`--${name} `) || help.includes(`--no-${name} `), name)
    assert.ok(help.includes(setting.help), name)
    if (setting.default !== undefined && setting.kind !== 'flag')
      assert.ok(help.includes(`(default ${setting.default})`), name)
  }
})
