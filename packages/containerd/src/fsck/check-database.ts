// SPDX-License-Identifier: Apache-2.0
import type { DatabaseSync } from 'node:sqlite'
import { StackError } from '@teu/errors'
import { migrations } from '../metadata/migrations.ts'
import { damage, type Finding } from './finding.ts'

/**
 * Checks the file of the records itself: its pages, its indexes, and that rows refer to rows.
 *
 * @throws `failed-precondition` when its schema is not the one that is known here
 */
export function* checkDatabase(database: DatabaseSync): Generator<Finding> {
  const { user_version: version } = database.prepare('PRAGMA user_version').get() as { user_version: number }
  if (version !== migrations.length)
    throw new StackError(
      'failed-precondition',
      `metadata has schema ${version}, and ${migrations.length} is what can be checked: start the daemon of that version first`,
    )
  for (const { integrity_check: message } of database.prepare('PRAGMA integrity_check').iterate() as Iterable<{
    integrity_check: string
  }>)
    if (message !== 'ok') yield damage('metadata', message)
  for (const { table, parent } of database.prepare('PRAGMA foreign_key_check').iterate() as Iterable<{
    table: string
    parent: string
  }>)
    yield damage('metadata', `a row of ${table} refers to one of ${parent} that is not there`)
}
