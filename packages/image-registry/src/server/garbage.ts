// SPDX-License-Identifier: Apache-2.0
import { type Digest, isDigest, parseManifest } from '@teu/oci-spec/image'
import type { StorageDriver } from '../storage/driver.ts'
import { listLinks, listRepositories } from '../storage/links.ts'
import { tree } from '../storage/tree.ts'
import type { Blobs } from './blobs.ts'

/** Options of collecting garbage. @public */
export interface CollectGarbageOptions {
  /**
   * What is younger stays, referenced or not: a push stores blobs first and the manifest that names them last.
   * Milliseconds, default one day.
   */
  olderThanMs?: number
  /** Only count. Default false. */
  dryRun?: boolean
}

/** What was removed, or would be. @public */
export interface CollectGarbageResult {
  blobs: number
  bytes: number
}

const dayMs = 24 * 3600 * 1000

/**
 * Removes blobs that no manifest of any repository points at, while the registry goes on serving. Manifests stay, with
 * and without tags: they go when they are deleted.
 *
 * @internal
 */
export async function collectGarbage(
  driver: StorageDriver,
  blobs: Blobs,
  { olderThanMs = dayMs, dryRun = false }: CollectGarbageOptions,
): Promise<CollectGarbageResult> {
  const before = Date.now() - olderThanMs
  const marked = new Set<Digest>()
  const result = { blobs: 0, bytes: 0 }
  for (const name of await listRepositories(driver, '_layers')) {
    const inUse = await referenced(driver, name)
    for (const digest of inUse) marked.add(digest)
    for (const digest of await listLinks(driver, tree.layers(name))) {
      if (inUse.has(digest)) continue
      if (!(await blobs.unlinkIfIdle(name, digest, before, dryRun))) marked.add(digest)
    }
  }
  for (const digest of await storedDigests(driver)) {
    const size = marked.has(digest) ? undefined : await blobs.removeIfIdle(digest, before, dryRun)
    if (size === undefined) continue
    result.blobs++
    result.bytes += size
  }
  return result
}

/** A repository's manifests, and all that they point at. */
async function referenced(driver: StorageDriver, name: string): Promise<Set<Digest>> {
  const found = new Set<Digest>()
  for (const digest of await listLinks(driver, tree.revisions(name))) {
    found.add(digest)
    const parsed = parseManifest(await driver.read(tree.blob(digest)))
    const entries =
      parsed.kind === 'index' ? parsed.index.manifests : [parsed.manifest.config, ...parsed.manifest.layers]
    for (const entry of entries) found.add(entry.digest)
  }
  return found
}

async function storedDigests(driver: StorageDriver): Promise<Digest[]> {
  const found: Digest[] = []
  for (const algorithm of await driver.list(tree.blobs)) {
    for (const prefix of await driver.list(`${tree.blobs}/${algorithm}`)) {
      for (const encoded of await driver.list(`${tree.blobs}/${algorithm}/${prefix}`)) {
        const digest = `${algorithm}:${encoded}`
        if (isDigest(digest)) found.push(digest)
      }
    }
  }
  return found
}
