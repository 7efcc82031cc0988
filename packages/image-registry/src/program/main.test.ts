// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { main } from './main.ts'

async function run(...argv: string[]) {
  const stdout: string[] = []
  const stderr: string[] = []
  const status = await main(argv, {
    stdout: { write: (text) => stdout.push(text) },
    stderr: { write: (text) => stderr.push(text) },
    env: {},
    stdin: (async function* () {})(),
    once: () => {},
    on: (signal, listener) => void (signal === 'SIGTERM' && setImmediate(listener)),
    removeListener: () => {},
  })
  return { status, stdout: stdout.join(''), stderr: stderr.join('') }
}

test('help and version go to standard output', async () => {
  assert.match((await run('--help')).stdout, /^Usage: teu-registry /)
  assert.match((await run('--version')).stdout, /^teu-registry \d+\.\d+\.\d+\n$/)
})

test('wrong usage is status 2, with the usage', async () => {
  for (const argv of [
    [],
    ['start'],
    ['serve', 'more'],
    ['serve', '--nope'],
    ['serve', '--tls-key', 'x'],
    ['serve', '--addr'],
  ]) {
    const { status, stdout, stderr } = await run(...argv)
    assert.deepEqual([status, stdout], [2, ''])
    assert.match(stderr, /^(teu-registry: .+\n|Usage: )/)
  }
})

test('settings that cannot be are wrong usage', async () => {
  const { status, stderr } = await run('serve', '--addr', 'nowhere')
  assert.equal(status, 2)
  assert.match(stderr, /^teu-registry: cannot listen on "nowhere": want host:port\n/)
})

test('what cannot be served is status 1', async () => {
  const { status, stderr } = await run('serve', '--tls-cert', '/nowhere/cert', '--tls-key', '/nowhere/key')
  assert.equal(status, 1)
  assert.match(stderr, /^teu-registry: cannot read \/nowhere\/cert: ENOENT.*\n$/)
})
