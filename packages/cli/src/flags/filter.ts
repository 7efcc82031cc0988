// SPDX-License-Identifier: Apache-2.0
import type { Flag } from '../grammar/flag.ts'
import { cut } from './csv.ts'

/** Filters by name, each with its alternatives. */
export type FilterValues = Readonly<Record<string, readonly string[]>>

/** `--filter name=value`, repeatable; names are lower-cased. */
export function filterFlag(summary: string, options: { char?: string } = {}): Flag<FilterValues> {
  return {
    type: 'option',
    helpValue: 'filter',
    summary,
    multiple: true,
    initial: {},
    accept: addFilter,
    ...options,
  }
}

function addFilter(current: FilterValues, text: string): FilterValues {
  if (text === '') return current
  const [name, value, found] = cut(text, '=')
  if (!found) throw new Error('bad format of filter (expected name=value)')
  const key = name.trim().toLowerCase()
  const alternatives = current[key] ?? []
  const trimmed = value.trim()
  return alternatives.includes(trimmed) ? current : { ...current, [key]: [...alternatives, trimmed] }
}
