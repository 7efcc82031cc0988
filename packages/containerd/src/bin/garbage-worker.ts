// SPDX-License-Identifier: Apache-2.0
// The thread of `findGarbageInThread`: looks through all rows once, and ends.
import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import { messageOf } from '@teu/errors'
import type { FromGarbageThread, GarbageThreadInput } from '../gc/find-in-thread.ts'
import { findGarbage } from '../gc/garbage.ts'
import type { Row } from '../metadata/database.ts'

/** So many items take the daemon about a millisecond to receive. */
const partSize = 500

const port = parentPort!
const say = (message: FromGarbageThread) => port.postMessage(message)

function run({ path, now }: GarbageThreadInput): void {
  const database = new DatabaseSync(path, { readOnly: true })
  try {
    // One transaction, so that all queries see the same moment.
    database.exec('BEGIN')
    const { items, nextExpiry } = findGarbage(
      { iterate: (sql) => database.prepare(sql).iterate() as Iterable<Row> },
      now,
    )
    for (let at = 0; at < items.length; at += partSize) say({ kind: 'part', items: items.slice(at, at + partSize) })
    say({ kind: 'done', nextExpiry })
  } finally {
    database.close()
  }
}

try {
  run(workerData as GarbageThreadInput)
} catch (error) {
  say({ kind: 'failed', message: messageOf(error) })
}
