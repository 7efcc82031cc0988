// SPDX-License-Identifier: Apache-2.0
import { formatNextLink, referrersPath } from '@teu/oci-spec/distribution'
import { type Digest, mediaTypes } from '@teu/oci-spec/image'
import type { ManifestStore } from '../store/manifest-store.ts'
import type { Exchange } from './exchange.ts'

/** So many descriptors make an index that stays well below 4 MiB. */
const maximumPage = 500

/**
 * An index of a repository's manifests about another one; empty when there are none, and when nobody knows the subject.
 *
 * @internal
 */
export async function answerReferrers(
  store: ManifestStore,
  name: string,
  subject: Digest,
  exchange: Exchange,
): Promise<void> {
  const artifactType = exchange.query.get('artifactType') || undefined
  const last = exchange.query.get('last') ?? ''
  const page = { ...(artifactType && { artifactType }), last, limit: maximumPage + 1 }
  const found = await store.referrers(name, subject, page)
  const manifests = found.slice(0, maximumPage)
  const next = new URLSearchParams({ ...(artifactType && { artifactType }), last: manifests.at(-1)?.digest ?? '' })
  const headers = {
    'content-type': mediaTypes.ociIndex,
    ...(artifactType && { 'oci-filters-applied': 'artifactType' }),
    ...(manifests.length < found.length && { link: formatNextLink(`${referrersPath(name, subject)}?${next}`) }),
  }
  exchange.answer(200, headers, JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests }))
}
