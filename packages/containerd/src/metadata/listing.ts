// SPDX-License-Identifier: Apache-2.0
import { setImmediate as turn } from 'node:timers/promises'
import type { Filter, FilterCondition } from '@teu/containerd-api'
import type { MetadataDatabase, Row, SqlValue } from './database.ts'

/** A table whose rows can be listed. */
export interface ListedTable {
  /** The text between SELECT and WHERE, such as `* FROM images`. */
  select: string
  /** The table, and the condition on its rows, whose parameters the caller has. */
  table: string
  scope: string
  /** The column by which the rows of a scope are ordered, and which is unique in it. */
  key: string
  /** Columns that hold what filters ask for, by the names of filters. The key is one of them. */
  columns: Readonly<Record<string, string>>
  /** The column with labels. */
  labels: string
}

/** How many rows are read at once: a millisecond or two. */
const pageSize = 200

/** How many rows are passed over at once where SQLite tells which ones can match. */
const scannedSize = 2000

/** More alternatives than this are not put into a query. */
const maximumAlternatives = 64

/**
 * The rows of a table that a filter may admit, in the order of the key, a page at a time; other calls get their turn
 * between pages. What the filter says of columns and labels is looked up by SQLite; the caller has to apply the filter
 * itself nevertheless, as not all of it can be. A row that exists all the while is listed once.
 */
export async function* listRows(
  database: MetadataDatabase,
  table: ListedTable,
  scope: readonly SqlValue[],
  filter: Filter,
): AsyncGenerator<Row[], void, undefined> {
  const narrowed = narrow(table, filter)
  const { select, key } = table
  const condition = narrowed === undefined ? '' : ` AND (${narrowed.sql})`
  const values = narrowed?.values ?? []
  if (narrowed?.byKey) {
    yield database.allOnce(`SELECT ${select} WHERE ${table.scope}${condition} ORDER BY ${key}`, ...scope, ...values)
    return
  }
  const step = narrowed === undefined ? pageSize : scannedSize
  const boundary = `SELECT ${key} AS last FROM ${table.table} WHERE ${table.scope} AND ${key} > ?
    ORDER BY ${key} LIMIT 1 OFFSET ${step - 1}`
  for (let from = ''; ; ) {
    const last = database.get(boundary, ...scope, from)?.last
    const until = last === undefined ? '' : ` AND ${key} <= ?`
    const sql = `SELECT ${select} WHERE ${table.scope} AND ${key} > ?${until}${condition} ORDER BY ${key}`
    yield database.allOnce(sql, ...scope, from, ...(last === undefined ? [] : [last]), ...values)
    if (last === undefined) return
    from = String(last)
    await turn()
  }
}

interface Narrowed {
  sql: string
  values: string[]
  /** Whether every alternative says which keys it wants. */
  byKey: boolean
}

/** A condition that every admitted row fulfils; undefined when none can be told. */
function narrow(table: ListedTable, { alternatives }: Filter): Narrowed | undefined {
  if (alternatives.length === 0 || alternatives.length > maximumAlternatives) return undefined
  const values: string[] = []
  let byKey = true
  const parts: string[] = []
  for (const conditions of alternatives) {
    const found = conditions.map((condition) => translate(table, condition)).filter((part) => part !== undefined)
    if (found.length === 0) return undefined
    byKey &&= found.some(({ sql }) => sql === `${table.key} = ?`)
    values.push(...found.map(({ value }) => value))
    parts.push(found.map(({ sql }) => sql).join(' AND '))
  }
  return { sql: parts.map((part) => `(${part})`).join(' OR '), values, byKey }
}

function translate(table: ListedTable, condition: FilterCondition): { sql: string; value: string } | undefined {
  const { path, operator, value } = condition
  const column = Object.hasOwn(table.columns, path.join('.')) ? table.columns[path.join('.')] : undefined
  if (column !== undefined && operator === '==') return { sql: `${column} = ?`, value }
  if (path[0] !== 'labels' || path.length < 2) return undefined
  // Labels are stored as JSON without spaces, so that this text is in it.
  const name = `${JSON.stringify(path.slice(1).join('.'))}:`
  if (operator === '==') return { sql: `instr(${table.labels}, ?) > 0`, value: name + JSON.stringify(value) }
  return operator === '' ? { sql: `instr(${table.labels}, ?) > 0`, value: name } : undefined
}
