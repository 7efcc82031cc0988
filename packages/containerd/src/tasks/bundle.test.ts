// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Bundle, bundleRoots } from './bundle.ts'

const skip = process.getuid?.() === 0 ? false : 'needs root'

test('the root of a user namespace may pass through the bundle, and nobody else', { skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'teu-bundle-'))
  try {
    const make = (linux: object) => {
      const bundle = new Bundle(bundleRoots(join(folder, 'root'), join(folder, 'state')), 'test', 'one')
      bundle.create(Buffer.from(JSON.stringify({ linux })))
      const { mode, uid, gid } = statSync(bundle.path)
      return { mode: mode & 0o7777, uid, gid }
    }
    const own = { mode: 0o700, uid: 0, gid: 0 }
    assert.deepEqual(make({}), own)
    assert.deepEqual(make({ gidMappings: null }), own)
    assert.deepEqual(make({ gidMappings: [{ containerID: 1, hostID: 5, size: 1 }] }), own)
    const mappings = [
      { containerID: 1, hostID: 5, size: 1 },
      { containerID: 0, hostID: 100_000, size: 1 },
    ]
    assert.deepEqual(make({ gidMappings: mappings }), { mode: 0o710, uid: 0, gid: 100_000 })
    for (const hostID of [-1, 0.5, 2 ** 32 - 1, '7', {}]) {
      const gidMappings = [{ containerID: 0, hostID, size: 1 }]
      assert.throws(() => make({ gidMappings }), { code: 'invalid-argument' }, String(hostID))
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('a specification whose mappings cannot be read makes no bundle', () => {
  const folder = mkdtempSync(join(tmpdir(), 'teu-bundle-'))
  try {
    const bundle = new Bundle(bundleRoots(join(folder, 'root'), join(folder, 'state')), 'test', 'one')
    assert.throws(() => bundle.create(Buffer.from('{"gidMappings":')), { code: 'invalid-argument' })
    assert.equal(existsSync(bundle.path), false)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
