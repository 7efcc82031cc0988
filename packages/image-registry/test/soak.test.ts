// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import test from 'node:test'
import { soak } from './soak/soak.ts'

test('twenty seconds of pushes, pulls, deletions and collections', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'teu-soak-'))
  try {
    const result = await soak(directory, 20_000)
    assert.equal(result.endBytes, result.liveBytes)
    assert.ok(result.collectedBytes > 0, 'nothing was ever collected')
    for (const key of ['pushes', 'pulls', 'deletions', 'collections'] as const) assert.ok(result[key] > 5, key)
  } finally {
    await rm(directory, { recursive: true })
  }
})
