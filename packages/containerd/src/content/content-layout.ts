// SPDX-License-Identifier: Apache-2.0
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { makeDurableDirectory } from '@teu/linux'
import { type Digest, digestAlgorithm, digestAlgorithms, digestEncoded } from '@teu/oci-spec/image'
import { setAside } from '../metadata/quarantine.ts'

/** Where the bytes of the content store lie: `blobs/<algorithm>/<hex>` and `ingest/<folder>/data`. */
export class ContentLayout {
  readonly root: string

  constructor(root: string) {
    this.root = root
  }

  /** Makes the folders, so that they outlast a power cut. Readable by the daemon alone. */
  async prepare(): Promise<void> {
    const folders = ['blobs', ...digestAlgorithms.map((algorithm) => `blobs/${algorithm}`), 'ingest']
    await makeDurableDirectory(this.root, 0o700)
    for (const folder of folders) await makeDurableDirectory(join(this.root, folder), 0o700)
  }

  /** Moves all blobs and ingests to the quarantine. Answers where they are now; undefined when there was none. */
  async setAside(): Promise<{ folder: string; blobs: number; ingests: number } | undefined> {
    const blobs = await this.digests()
    const ingests = await readdir(join(this.root, 'ingest')).catch(() => [])
    if (blobs.length + ingests.length === 0) return undefined
    const folder = await setAside(this.root, ['blobs', 'ingest'])
    await this.prepare()
    return folder === undefined ? undefined : { folder, blobs: blobs.length, ingests: ingests.length }
  }

  blob(digest: Digest): string {
    return join(this.blobFolder(digest), digestEncoded(digest))
  }

  blobFolder(digest: Digest): string {
    return join(this.root, 'blobs', digestAlgorithm(digest))
  }

  ingest(folder: string): string {
    return join(this.root, 'ingest', folder)
  }

  ingestData(folder: string): string {
    return join(this.ingest(folder), 'data')
  }

  /** Every digest that has a file. */
  async digests(): Promise<Digest[]> {
    const found: Digest[] = []
    for (const algorithm of digestAlgorithms)
      for (const name of await readdir(join(this.root, 'blobs', algorithm)).catch(() => []))
        found.push(`${algorithm}:${name}`)
    return found
  }

  /** Removes every ingest folder but those in `keep`. Returns how many. */
  async sweepIngests(keep: ReadonlySet<string>): Promise<number> {
    const orphans = (await readdir(join(this.root, 'ingest'))).filter((name) => !keep.has(name))
    for (const name of orphans) await rm(this.ingest(name), { recursive: true, force: true })
    return orphans.length
  }
}
