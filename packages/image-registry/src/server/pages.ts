// SPDX-License-Identifier: Apache-2.0
import { formatNextLink } from '@teu/oci-spec/distribution'
import { Failure } from './failure.ts'

/** One page of a sorted list of names, and the link to the next one. @internal */
export interface Page {
  names: string[]
  link: string | undefined
}

/** The most that a page holds, and what it holds when the caller does not say. */
const maximumPage = 1000

/**
 * Cuts the page that `n` and `last` ask for. More than the maximum is cut to it, as a caller follows the link anyway;
 * what is no whole number from 0 up to a billion is refused.
 *
 * @internal
 */
export function pageOf(sorted: readonly string[], query: URLSearchParams, path: string): Page {
  const asked = query.get('n')
  if (asked !== null && !/^\d{1,9}$/.test(asked))
    throw new Failure('PAGINATION_NUMBER_INVALID', { n: asked.slice(0, 64) })
  const limit = Math.min(asked === null ? maximumPage : Number(asked), maximumPage)
  const last = query.get('last') ?? ''
  const rest = last === '' ? sorted : sorted.filter((name) => name > last)
  const names = rest.slice(0, limit)
  const end = names.at(-1)
  if (end === undefined || names.length === rest.length) return { names, link: undefined }
  const next = new URLSearchParams(query)
  next.set('n', String(limit))
  next.set('last', end)
  return { names, link: formatNextLink(`${path}?${next}`) }
}
