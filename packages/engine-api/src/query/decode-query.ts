// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import type { QueryKind, QueryOf, QueryValues, Route } from '../route.ts'
import { decodeFilters } from './filters.ts'
import { decodeFlag } from './flag.ts'
import { decodePlatform } from './platform.ts'
import { decodeTimestamp } from './timestamp.ts'

const decoders: { [K in QueryKind]: (values: string[], name: string) => QueryValues[K] } = {
  flag: (values) => decodeFlag(values[0]),
  text: (values) => values[0],
  integer: (values) => decodeInteger(values[0]),
  size: (values, name) => decodeSize(values[0], name),
  list: (values) => values,
  filters: (values) => decodeFilters(values[0]),
  platform: (values) => decodePlatform(values[0]),
  platforms: (values) => values.map(decodePlatform).filter((platform) => platform !== undefined),
  time: (values) => decodeTimestamp(values[0]),
}

/**
 * The query of a request, as its route says. Keys that the route does not name are ignored: clients of other
 * versions send extras. Throws `invalid-argument` for a value that is not of its kind.
 *
 * @public
 */
export function decodeQuery<R extends Route>(route: R, search: URLSearchParams): QueryOf<R> {
  return Object.fromEntries(
    Object.entries(route.query).map(([name, kind]) => [name, decoders[kind](search.getAll(name), name)]),
  ) as QueryOf<R>
}

function decodeInteger(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined
  if (!/^[+-]?\d+$/.test(text)) throw syntaxError('ParseInt', text, 'invalid syntax')
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw syntaxError('ParseInt', text, 'value out of range')
  return value
}

function decodeSize(text: string | undefined, name: string): number | undefined {
  if (text === undefined) return undefined
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN
  if (!(value <= 0xffffffff)) {
    const reason = /^\d+$/.test(text) ? 'value out of range' : 'invalid syntax'
    throw new StackError(
      'invalid-argument',
      `invalid resize ${name === 'h' ? 'height' : 'width'} ${quote(text)}: ${reason}`,
    )
  }
  return value
}

function syntaxError(call: string, text: string, reason: string): StackError {
  return new StackError('invalid-argument', `strconv.${call}: parsing ${quote(text)}: ${reason}`)
}

function quote(text: string): string {
  return JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}…` : text)
}
