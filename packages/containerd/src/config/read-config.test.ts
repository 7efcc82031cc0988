// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { defaultConfig } from './config.ts'
import { parseDuration } from './duration.ts'
import { formatConfig, parseConfig } from './read-config.ts'

test('what is printed is read again', () => {
  assert.deepEqual(parseConfig(formatConfig(defaultConfig()), 'x'), defaultConfig())
})

test('values go over the defaults, and sections of others are kept', () => {
  const text = `
    version = 2
    root = "/data"
    oom_score = -999
    disabled_plugins = ["io.containerd.snapshotter.v1.native"]
    [grpc]
      gid = 12
    [plugins."io.containerd.gc.v1.scheduler"]
      pause_threshold = 0.1
    [plugins."io.containerd.grpc.v1.cri"]
      stream_server_port = "0"
  `
  const config = parseConfig(text, 'x')
  assert.equal(config.root, '/data')
  assert.equal(config.grpc.gid, 12)
  assert.equal(config.grpc.address, defaultConfig().grpc.address)
  assert.equal(config.plugins['io.containerd.gc.v1.scheduler']!.pause_threshold, 0.1)
  assert.equal(config.plugins['io.containerd.gc.v1.scheduler']!.mutation_threshold, 100)
  assert.equal(config.plugins['io.containerd.grpc.v1.cri']!.stream_server_port, '0')
})

for (const [what, text] of Object.entries({
  'no TOML': 'root =',
  'version 1': 'version = 1',
  'a number for a text': 'root = 5',
  'a text for a table': 'grpc = "x"',
  'a text for a list': 'disabled_plugins = "x"',
}))
  test(`${what} is refused, with the name of the file`, () => {
    assert.throws(() => parseConfig(text, 'file.toml'), { code: 'invalid-argument', message: /^file\.toml/ })
  })

test('durations are those of Go', () => {
  for (const [text, ms] of [
    ['0', 0],
    ['100ms', 100],
    ['1h30m', 5_400_000],
    ['1.5s', 1500],
    ['2us', 0.002],
  ] as const)
    assert.equal(parseDuration(text), ms)
  for (const text of ['', '5', 's', '1 s', '-1s', '1x'])
    assert.throws(() => parseDuration(text), { code: 'invalid-argument' })
})
