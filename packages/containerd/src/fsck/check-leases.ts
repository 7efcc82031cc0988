// SPDX-License-Identifier: Apache-2.0
import type { DatabaseSync } from 'node:sqlite'
import { damage, type Finding, note } from './finding.ts'

/** Checks that what leases hold is there, and that images lead to content. */
export function* checkLeases(database: DatabaseSync): Generator<Finding> {
  const orphans = `SELECT DISTINCT r.namespace, r.lease FROM lease_resources r
    LEFT JOIN leases l ON l.namespace = r.namespace AND l.id = r.lease WHERE l.id IS NULL`
  for (const { namespace, lease } of database.prepare(orphans).all())
    yield damage(`lease ${namespace}/${lease}`, 'holds something, and has no record')
  const held = `SELECT r.namespace, r.lease, r.type, r.id FROM lease_resources r
    WHERE (r.type = 'content' AND NOT EXISTS
        (SELECT 1 FROM content c WHERE c.namespace = r.namespace AND c.digest = r.id))
      OR (r.type LIKE 'snapshots/%' AND NOT EXISTS
        (SELECT 1 FROM snapshots s WHERE s.namespace = r.namespace AND s.name = r.id
          AND s.snapshotter = substr(r.type, length('snapshots/') + 1)))`
  // A client may hold what it has not made yet, or what was removed meanwhile.
  for (const { namespace, lease, type, id } of database.prepare(held).all())
    yield note(`lease ${namespace}/${lease}`, `holds ${type} ${id}, which is not there`)
  for (const { namespace, name, target } of database.prepare('SELECT namespace, name, target FROM images').all()) {
    const digest = digestIn(String(target))
    const found = database.prepare('SELECT 1 FROM content WHERE namespace = ? AND digest = ?').get(namespace!, digest)
    // The image store takes any descriptor, as containerd's does.
    if (found === undefined) yield note(`image ${namespace}/${name}`, `leads to content ${digest}, which is not there`)
  }
}

function digestIn(target: string): string {
  return String((JSON.parse(target) as { digest?: unknown }).digest ?? '')
}
