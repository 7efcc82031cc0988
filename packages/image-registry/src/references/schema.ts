// SPDX-License-Identifier: Apache-2.0

/** Changes with every change of the tables. An index of another version is made anew from its storage. @internal */
export const schemaVersion = 1

/**
 * Blobs are rows once: what repositories, manifests and tags say about them refers to their numbers. A row without a
 * size is a name that something mentions and that no bytes are known of. `confirmed` is the number of the run that last
 * saw the bytes in the storage; what an earlier run saw is not believed.
 *
 * @internal
 */
export const schema = `
CREATE TABLE facts (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE repositories (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  bytes INTEGER NOT NULL DEFAULT 0,
  unreadable INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE blobs (
  id INTEGER PRIMARY KEY,
  digest TEXT NOT NULL UNIQUE,
  size INTEGER,
  stored_at INTEGER NOT NULL DEFAULT 0,
  seen_at INTEGER NOT NULL DEFAULT 0,
  confirmed INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE members (
  repository INTEGER NOT NULL, blob INTEGER NOT NULL, linked_at INTEGER NOT NULL,
  PRIMARY KEY (repository, blob)
) STRICT, WITHOUT ROWID;
CREATE INDEX members_of_blob ON members (blob, repository);

CREATE TABLE revisions (
  repository INTEGER NOT NULL, blob INTEGER NOT NULL, linked_at INTEGER NOT NULL,
  PRIMARY KEY (repository, blob)
) STRICT, WITHOUT ROWID;
CREATE INDEX revisions_of_blob ON revisions (blob, repository);

CREATE TABLE contents (
  blob INTEGER PRIMARY KEY, media_type TEXT NOT NULL, artifact_type TEXT, annotations TEXT, subject INTEGER
) STRICT;
CREATE INDEX contents_of_subject ON contents (subject) WHERE subject IS NOT NULL;

CREATE TABLE refs (
  manifest INTEGER NOT NULL, target INTEGER NOT NULL,
  PRIMARY KEY (manifest, target)
) STRICT, WITHOUT ROWID;
CREATE INDEX refs_to_target ON refs (target, manifest);

CREATE TABLE tags (
  repository INTEGER NOT NULL, name TEXT NOT NULL, blob INTEGER NOT NULL, updated_at INTEGER NOT NULL,
  PRIMARY KEY (repository, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX tags_of_blob ON tags (repository, blob);

CREATE TABLE uploads (
  repository INTEGER NOT NULL, id TEXT NOT NULL, touched_at INTEGER NOT NULL,
  PRIMARY KEY (repository, id)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER member_added AFTER INSERT ON members
WHEN NOT EXISTS (SELECT 1 FROM revisions WHERE repository = new.repository AND blob = new.blob)
BEGIN
  UPDATE repositories SET bytes = bytes + (SELECT ifnull(size, 0) FROM blobs WHERE id = new.blob) WHERE id = new.repository;
END;
CREATE TRIGGER member_removed AFTER DELETE ON members
WHEN NOT EXISTS (SELECT 1 FROM revisions WHERE repository = old.repository AND blob = old.blob)
BEGIN
  UPDATE repositories SET bytes = bytes - (SELECT ifnull(size, 0) FROM blobs WHERE id = old.blob) WHERE id = old.repository;
END;
CREATE TRIGGER revision_added AFTER INSERT ON revisions
WHEN NOT EXISTS (SELECT 1 FROM members WHERE repository = new.repository AND blob = new.blob)
BEGIN
  UPDATE repositories SET bytes = bytes + (SELECT ifnull(size, 0) FROM blobs WHERE id = new.blob) WHERE id = new.repository;
END;
CREATE TRIGGER revision_removed AFTER DELETE ON revisions
WHEN NOT EXISTS (SELECT 1 FROM members WHERE repository = old.repository AND blob = old.blob)
BEGIN
  UPDATE repositories SET bytes = bytes - (SELECT ifnull(size, 0) FROM blobs WHERE id = old.blob) WHERE id = old.repository;
END;
CREATE TRIGGER blob_resized AFTER UPDATE OF size ON blobs WHEN old.size IS NOT new.size
BEGIN
  UPDATE repositories SET bytes = bytes + ifnull(new.size, 0) - ifnull(old.size, 0)
  WHERE id IN (SELECT repository FROM members WHERE blob = new.id UNION SELECT repository FROM revisions WHERE blob = new.id);
END;
`
