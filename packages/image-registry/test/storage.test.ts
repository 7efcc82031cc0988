// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import test from 'node:test'
import { filesystemStorage } from '../src/storage/filesystem.ts'
import { memoryStorage } from '../src/storage/memory.ts'
import { storageSuite } from './storage-suite.ts'

storageSuite(test, 'memory', async (body) => {
  await using storage = memoryStorage()
  await body(storage)
})

storageSuite(test, 'directory', async (body) => {
  const directory = await mkdtemp(path.join(tmpdir(), 'teu-storage-'))
  try {
    await body(filesystemStorage(directory))
    const inside = readdir(path.join(directory, 'teu'), { recursive: true, withFileTypes: true })
    const left = await inside.catch(() => [])
    assert.deepEqual(
      left.filter((entry) => entry.isFile()).map(({ name }) => name),
      [],
    )
  } finally {
    await rm(directory, { recursive: true })
  }
})
