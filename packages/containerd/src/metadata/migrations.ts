// SPDX-License-Identifier: Apache-2.0

/**
 * The schema, as the steps that lead to it. A step is never changed once it was released: a change is a new step.
 * Times are microseconds since 1970; labels and descriptors are JSON.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

  CREATE TABLE namespaces (name TEXT PRIMARY KEY, labels TEXT NOT NULL) STRICT, WITHOUT ROWID;

  CREATE TABLE images (
    namespace TEXT NOT NULL, name TEXT NOT NULL, target TEXT NOT NULL, labels TEXT NOT NULL,
    created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
    PRIMARY KEY (namespace, name)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE containers (
    namespace TEXT NOT NULL, id TEXT NOT NULL, image TEXT NOT NULL, labels TEXT NOT NULL,
    snapshotter TEXT NOT NULL, snapshot_key TEXT NOT NULL, message BLOB NOT NULL,
    PRIMARY KEY (namespace, id)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE content (
    namespace TEXT NOT NULL, digest TEXT NOT NULL, size INTEGER NOT NULL, labels TEXT NOT NULL,
    created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
    PRIMARY KEY (namespace, digest)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX content_by_digest ON content (digest);

  CREATE TABLE ingests (
    namespace TEXT NOT NULL, ref TEXT NOT NULL, folder TEXT NOT NULL UNIQUE, expected TEXT NOT NULL,
    total INTEGER NOT NULL, started_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, leased INTEGER NOT NULL,
    PRIMARY KEY (namespace, ref)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE snapshots (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    snapshotter TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL, kind INTEGER NOT NULL,
    parent INTEGER REFERENCES snapshots (id), labels TEXT NOT NULL,
    size INTEGER, inodes INTEGER, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
    UNIQUE (snapshotter, namespace, name)
  ) STRICT;
  CREATE INDEX snapshots_by_parent ON snapshots (parent);

  CREATE TABLE leases (
    namespace TEXT NOT NULL, id TEXT NOT NULL, labels TEXT NOT NULL, created_at INTEGER NOT NULL,
    PRIMARY KEY (namespace, id)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE lease_resources (
    namespace TEXT NOT NULL, lease TEXT NOT NULL, type TEXT NOT NULL, id TEXT NOT NULL,
    PRIMARY KEY (namespace, lease, type, id)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  CREATE TABLE unsynced_snapshots (
    id INTEGER PRIMARY KEY REFERENCES snapshots (id) ON DELETE CASCADE,
    boot TEXT NOT NULL
  ) STRICT;
  `,
]
