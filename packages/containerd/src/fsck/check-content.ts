// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { type Digest, digestAlgorithm, finishDigest, isDigest } from '@teu/oci-spec/image'
import type { ContentLayout } from '../content/content-layout.ts'
import { damage, type Finding, note } from './finding.ts'

/** Checks that every blob with a record has its bytes, and every ingest with one its folder. */
export async function* checkContent(
  database: DatabaseSync,
  layout: ContentLayout,
  signal: AbortSignal,
): AsyncGenerator<Finding> {
  const known = new Set<string>()
  const sql = 'SELECT digest, MIN(size) AS least, MAX(size) AS most FROM content GROUP BY digest ORDER BY digest'
  for (const row of database.prepare(sql).all()) {
    signal.throwIfAborted()
    const [digest, least, most] = [String(row.digest), Number(row.least), Number(row.most)]
    known.add(digest)
    if (least !== most) yield damage(`content ${digest}`, `is recorded with ${least} bytes and with ${most}`)
    const problem = isDigest(digest) ? await problemOf(layout, digest, least, signal) : 'has no digest for a name'
    if (problem !== undefined) yield damage(`content ${digest}`, problem)
  }
  for (const digest of await layout.digests())
    if (!known.has(digest)) yield note(`content ${digest}`, 'has no record, the next start removes it')
  yield* checkIngests(database, layout)
}

async function problemOf(
  layout: ContentLayout,
  digest: Digest,
  size: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  const path = layout.blob(digest)
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => error)
  if (found instanceof Error)
    return found.code === 'ENOENT' ? 'has a record, and no file' : `cannot be read: ${found.message}`
  if (!found.isFile()) return 'is no file'
  if (found.size !== size) return `has ${found.size} bytes, not ${size}`
  const hash = createHash(digestAlgorithm(digest))
  try {
    for await (const chunk of createReadStream(path, { signal, highWaterMark: 1024 * 1024 })) hash.update(chunk)
  } catch (error) {
    signal.throwIfAborted()
    return `cannot be read: ${(error as Error).message}`
  }
  const actual = finishDigest(digestAlgorithm(digest), hash)
  return actual === digest ? undefined : `has the digest ${actual}`
}

async function* checkIngests(database: DatabaseSync, layout: ContentLayout): AsyncGenerator<Finding> {
  const folders = new Set(await readdir(join(layout.root, 'ingest')).catch(() => []))
  for (const row of database.prepare('SELECT namespace, ref, folder FROM ingests ORDER BY namespace, ref').all()) {
    // Nothing was promised of an ingest: it begins again.
    if (!folders.delete(String(row.folder)))
      yield note(`ingest ${row.namespace}/${row.ref}`, 'has a record, and no folder')
  }
  for (const folder of folders) yield note(`ingest folder ${folder}`, 'has no record, the next start removes it')
}
