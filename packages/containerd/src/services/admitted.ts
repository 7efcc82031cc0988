// SPDX-License-Identifier: Apache-2.0
import { setImmediate as turn } from 'node:timers/promises'
import { type Filter, type FilterableFields, lookupIn } from '@teu/containerd-api'

/** How long filters are applied before other calls get their turn, in milliseconds. */
const sliceMs = 5

/**
 * The objects that a filter admits, of pages that come one after the other. Other calls get their turn in between,
 * however long a pattern takes.
 *
 * @throws the signal's reason when it aborts
 */
export async function admitted<T>(
  pages: AsyncIterable<readonly T[]> | Iterable<readonly T[]>,
  filter: Filter,
  fieldsOf: (object: T) => FilterableFields,
  signal: AbortSignal | undefined,
): Promise<T[]> {
  const found: T[] = []
  let since = performance.now()
  for await (const page of pages)
    for (const object of page) {
      if (filter.matches(lookupIn(fieldsOf(object)))) found.push(object)
      if (performance.now() - since < sliceMs) continue
      await turn()
      signal?.throwIfAborted()
      since = performance.now()
    }
  return found
}
