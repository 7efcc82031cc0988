// SPDX-License-Identifier: Apache-2.0
import { formatNextLink } from '@teu/oci-spec/distribution'
import { Failure } from './failure.ts'

/** Which part of a sorted list of names a caller asks for. @internal */
export interface PageRequest {
  /** Only names behind this one. */
  last: string
  limit: number
}

/** One page of names, and the link to the next one. @internal */
export interface Page {
  names: string[]
  link: string | undefined
}

/**
 * The most that a page holds, and what it holds when the caller does not say. Docker's own registry lists all tags at
 * once, which is what clients that look for no link live on, and a catalog by thousands.
 */
const maximumPages = { tags: 10_000, catalog: 1000 }

/**
 * Reads `n` and `last`. More than the maximum is cut to it, as a caller follows the link anyway; what is no whole number
 * from 0 up to a billion is refused.
 *
 * @internal
 */
export function pageRequestOf(query: URLSearchParams, list: keyof typeof maximumPages): PageRequest {
  const maximumPage = maximumPages[list]
  const asked = query.get('n')
  if (asked !== null && !/^\d{1,9}$/.test(asked))
    throw new Failure('PAGINATION_NUMBER_INVALID', { n: asked.slice(0, 64) })
  return {
    last: query.get('last') ?? '',
    limit: Math.min(asked === null ? maximumPage : Number(asked), maximumPage),
  }
}

/** Makes a page of names that were fetched one more than asked for, which shows whether there is another. @internal */
export function pageOf(fetched: readonly string[], { limit }: PageRequest, query: URLSearchParams, path: string): Page {
  const names = fetched.slice(0, limit)
  const end = names.at(-1)
  if (end === undefined || names.length === fetched.length) return { names, link: undefined }
  const next = new URLSearchParams(query)
  next.set('n', String(limit))
  next.set('last', end)
  return { names, link: formatNextLink(`${path}?${next}`) }
}
