// SPDX-License-Identifier: Apache-2.0
import { ExitError } from '../exit-status.ts'
import { escapeControl } from './escape-control.ts'
import type { Template } from './go-template/nodes.ts'
import { type Method, Struct } from './go-template/values.ts'
import { alignColumns } from './tab-writer.ts'
import { parseFormat, renderHeader, renderTemplate, unescapeFormat } from './template.ts'

/** What one kind of list can show. */
export interface ListShape<T> {
  /** The type that messages name, such as `*formatter.ContainerContext`. */
  readonly typeName: string
  /** Template after `table`, when the user named none. */
  readonly defaultTable: string
  /** Template of `raw`, where that format exists. */
  readonly raw?: string
  /** Titles of columns by the names of fields. */
  readonly titles: Readonly<Record<string, string>>
  /** The fields of one row. */
  readonly row: (item: T) => Readonly<Record<string, Method>>
}

/** A format that was chosen and parsed, ready for rows. */
export interface ListFormat {
  readonly template: Template
  readonly isTable: boolean
}

/**
 * Reads `--format`: empty or `table` for the default table, `table TEMPLATE`, `raw`, `json`, or a template. Throws
 * `template parsing error: …`.
 */
export function parseListFormat(format: string, shape: Pick<ListShape<never>, 'defaultTable' | 'raw'>): ListFormat {
  if (format === '' || format === 'table') return tableFormat(shape.defaultTable)
  if (format === 'raw' && shape.raw !== undefined) return { template: parseFormat(shape.raw), isTable: false }
  if (format === 'json') return { template: parseFormat('{{json .}}'), isTable: false }
  if (format.startsWith('table')) return tableFormat(format.slice('table'.length))
  return { template: parseFormat(unescapeFormat(format.replace(/^ +| +$/g, ''))), isTable: false }
}

function tableFormat(text: string): ListFormat {
  return { template: parseFormat(unescapeFormat(text.replace(/^ +| +$/g, ''))), isTable: true }
}

/** A list as text, its last line ended; a table has its titles even when it has no rows. */
export function formatList<T>({ template, isTable }: ListFormat, shape: ListShape<T>, items: readonly T[]): string {
  const lines = items.map((item) => {
    const line = execute(template, new Struct(shape.typeName, shape.row(item)))
    return escapeControl(line, '\n\t')
  })
  if (!isTable) return lines.map((line) => `${line}\n`).join('')
  return `${alignColumns([renderHeader(template, shape.titles), ...lines].join('\n'))}\n`
}

function execute(template: Template, row: Struct): string {
  try {
    return renderTemplate(template, row)
  } catch (error) {
    throw new ExitError(1, `failed to execute template: ${(error as Error).message}`, { cause: error })
  }
}
