// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { mkdtemp, open, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { BatchWriter } from './batch-writer.ts'

async function withFile(body: (file: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(path.join(tmpdir(), 'teu-batch-'))
  try {
    await body(path.join(directory, 'file'))
  } finally {
    await rm(directory, { recursive: true })
  }
}

test('a file has what was written, however it was cut, though the chunks change afterwards', () =>
  withFile(async (file) => {
    const sizes = fc.array(fc.oneof(fc.nat(3), fc.nat(2000), fc.nat(1_500_000)), { maxLength: 8 })
    await fc.assert(
      fc.asyncProperty(sizes, fc.nat(5000), fc.boolean(), async (lengths, before, announced) => {
        const expected: Buffer[] = [Buffer.alloc(before, 1)]
        {
          await using handle = await open(file, 'w+')
          await handle.writeFile(expected[0] as Buffer)
          const total = lengths.reduce((sum, length) => sum + length, before)
          const writer = new BatchWriter(handle, before, ...(announced ? [total] : []))
          for (const [i, length] of lengths.entries()) {
            const chunk = Buffer.alloc(length, i + 2)
            expected.push(Buffer.from(chunk))
            await writer.write(chunk)
            chunk.fill(0)
          }
          await writer.flush()
        }
        assert.equal(Buffer.compare(await readFile(file), Buffer.concat(expected)), 0)
      }),
      { numRuns: 60 },
    )
  }))

test('a write that fails is heard of, at the latest when everything is to be there', () =>
  withFile(async (file) => {
    await (await open(file, 'w')).close()
    await using handle = await open(file, 'r')
    const writer = new BatchWriter(handle, 0)
    const everything = async () => {
      await writer.write(Buffer.alloc(600_000))
      await writer.flush()
    }
    await assert.rejects(everything, { code: 'EBADF' })
  }))
