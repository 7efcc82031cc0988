// SPDX-License-Identifier: Apache-2.0
import { formatNextLink, referrersPath } from '@teu/oci-spec/distribution'
import { type Descriptor, type Digest, mediaTypes, parseManifest } from '@teu/oci-spec/image'
import type { StorageDriver } from '../storage/driver.ts'
import { listLinks, readLink, writeLink } from '../storage/links.ts'
import { tree } from '../storage/tree.ts'
import type { Exchange } from './exchange.ts'

/** So many descriptors make an index that stays well below 4 MiB. */
const maximumPage = 500

/** Which manifests of a repository are about which other one. @internal */
export class Referrers {
  readonly #driver: StorageDriver

  constructor(driver: StorageDriver) {
    this.#driver = driver
  }

  async add(name: string, subject: Digest, digest: Digest): Promise<void> {
    await writeLink(this.#driver, `${tree.referrers(name, subject)}/${digest.replace(':', '/')}`, digest)
  }

  async remove(name: string, subject: Digest, digest: Digest): Promise<void> {
    await this.#driver.remove(`${tree.referrers(name, subject)}/${digest.replace(':', '/')}`)
  }

  /** An index of them; empty when there are none, and when nobody knows the subject. */
  async list(name: string, subject: Digest, exchange: Exchange): Promise<void> {
    const artifactType = exchange.query.get('artifactType') ?? undefined
    const last = exchange.query.get('last') ?? ''
    const all = (await listLinks(this.#driver, tree.referrers(name, subject))).filter((digest) => digest > last)
    const page = all.slice(0, maximumPage)
    const manifests: Descriptor[] = []
    for (const digest of page) {
      const entry = await this.#describe(name, digest)
      if (entry !== undefined && (artifactType === undefined || entry.artifactType === artifactType))
        manifests.push(entry)
    }
    const next = new URLSearchParams({ ...(artifactType && { artifactType }), last: page.at(-1) ?? '' })
    const headers = {
      'content-type': mediaTypes.ociIndex,
      ...(artifactType && { 'oci-filters-applied': 'artifactType' }),
      ...(page.length < all.length && { link: formatNextLink(`${referrersPath(name, subject)}?${next}`) }),
    }
    exchange.answer(200, headers, JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests }))
  }

  async #describe(name: string, digest: Digest): Promise<Descriptor | undefined> {
    if ((await readLink(this.#driver, tree.revision(name, digest))) !== digest) return undefined
    const body = await this.#driver.read(tree.blob(digest))
    const parsed = parseManifest(body)
    const { artifactType, annotations } = parsed.kind === 'index' ? parsed.index : parsed.manifest
    const type = artifactType || (parsed.kind === 'manifest' ? parsed.manifest.config.mediaType : undefined)
    return {
      mediaType: parsed.mediaType,
      digest,
      size: body.byteLength,
      ...(type && { artifactType: type }),
      ...(annotations && { annotations }),
    }
  }
}
