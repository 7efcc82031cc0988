// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { runUntrusted } from './run-untrusted.ts'

// Root may, and others where the kernel lets them make user namespaces.
const allowed = process.getuid?.() === 0 || spawnSync('unshare', ['-U', 'true']).status === 0
const options = { skip: allowed ? false : 'needs root or user namespaces', timeout: 60_000 }

test('untrusted code reads its input and prints its output', options, async () => {
  const code = `process.stdin.on('data', (text) => process.stdout.write(String(text).toUpperCase()))`
  assert.equal(await runUntrusted(code, 'hello'), 'HELLO')
})

test('it sees neither the files nor the network of the host', options, async () => {
  const look = `const { readdirSync } = require('node:fs')
    const { networkInterfaces } = require('node:os')
    console.log(JSON.stringify([readdirSync('/'), process.getuid(), Object.values(networkInterfaces()).flat().length]))`
  const [names, uid, addresses] = JSON.parse(await runUntrusted(look, ''))
  assert.ok(!names.includes('home') && !names.includes('root'), names.join(' '))
  assert.equal(uid, 65_534)
  assert.ok(addresses <= 2, 'there is more than loopback')
})

test('what it throws, and what it takes too long for, is an error here', options, async () => {
  await assert.rejects(runUntrusted(`throw new Error('on purpose')`, ''), /exit status 1: [\s\S]*on purpose/)
  await assert.rejects(runUntrusted('for (;;) {}', '', AbortSignal.timeout(500)), { name: 'TimeoutError' })
})
