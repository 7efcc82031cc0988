// SPDX-License-Identifier: Apache-2.0
import { formatNextLink, referrersPath } from '@teu/oci-spec/distribution'
import { type Digest, maximumManifestSize, mediaTypes } from '@teu/oci-spec/image'
import type { ReferrerList, ReferrerPage } from '../references/referrer-page.ts'
import type { Exchange } from './exchange.ts'

/** The most descriptors that a page has. */
const maximumPage = 500
/** What clients take as an index, less what is around the descriptors. */
const maximumBytes = maximumManifestSize - 1024

/**
 * An index of a repository's manifests about another one, as long as clients take it, and a link to the rest; empty when
 * there are none, and when nobody knows the subject.
 *
 * @internal
 */
export async function answerReferrers(
  name: string,
  subject: Digest,
  list: (page: ReferrerPage) => ReferrerList | Promise<ReferrerList>,
  exchange: Exchange,
): Promise<void> {
  const artifactType = exchange.query.get('artifactType') || undefined
  const last = exchange.query.get('last') ?? ''
  const { descriptors, isMore } = await list({ artifactType, last, limit: maximumPage, bytes: maximumBytes })
  const next = new URLSearchParams({ ...(artifactType && { artifactType }), last: descriptors.at(-1)?.digest ?? '' })
  const headers = {
    'content-type': mediaTypes.ociIndex,
    ...(artifactType && { 'oci-filters-applied': 'artifactType' }),
    ...(isMore && { link: formatNextLink(`${referrersPath(name, subject)}?${next}`) }),
  }
  const index = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: descriptors }
  exchange.answer(200, headers, JSON.stringify(index))
}
