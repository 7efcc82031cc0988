// SPDX-License-Identifier: Apache-2.0
import { catalogPath } from '@teu/oci-spec/distribution'
import type { Caller } from '../exchange.ts'
import type { Serve } from '../front/front.ts'
import { innerCall } from '../front/inner-call.ts'
import { pageOf, pageRequestOf } from '../pages.ts'

/** Names that are looked at in one go. */
const window = '1000'

/** Lists, to callers who may not see everything, only the repositories that they may pull. @internal */
export function visibleCatalog(next: Serve): Serve {
  return async (found, exchange) => {
    if (found.kind !== 'catalog' || exchange.caller.sees === undefined) return next(found, exchange)
    const page = pageRequestOf(exchange.query, 'catalog')
    const names = await visibleRepositories(next, exchange.caller, page)
    const cut = pageOf(names, page, exchange.query, catalogPath)
    const headers = { 'content-type': 'application/json', ...(cut.link && { link: cut.link }) }
    exchange.answer(200, headers, JSON.stringify({ repositories: cut.names }))
  }
}

/** The first names after `last` that a caller may see: one more than `limit`, if there are so many. @internal */
export async function visibleRepositories(
  serve: Serve,
  { sees = () => true }: Pick<Caller, 'sees'>,
  { last, limit }: { last: string; limit: number },
): Promise<string[]> {
  const visible: string[] = []
  for (let after = last; visible.length <= limit; ) {
    const query = { n: window, ...(after !== '' && { last: after }) }
    const { body } = await innerCall(serve, { kind: 'catalog' }, { query })
    const { repositories } = JSON.parse(body.toString('utf8')) as { repositories: string[] }
    visible.push(...repositories.filter(sees))
    const end = repositories.at(-1)
    if (end === undefined || repositories.length < Number(window)) break
    after = end
  }
  return visible.slice(0, limit + 1)
}
