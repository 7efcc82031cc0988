// SPDX-License-Identifier: Apache-2.0
import type { ByteRange } from '@teu/oci-spec/distribution'

/**
 * What a storage can and cannot do, said by itself.
 *
 * @public
 */
export interface StorageCapabilities {
  /** What was acknowledged outlives this process. */
  readonly persistent: boolean
  /** Objects can be made, replaced and removed; without it a registry only serves, as with `readOnly`. */
  readonly writable: boolean
  /**
   * A directory of this machine, beside the objects and on the same file system, that whoever uses the storage may keep
   * files of its own in. It is not made before it is needed. Absent: there is none.
   */
  readonly privateDirectory?: string
}

/**
 * Where a registry keeps its bytes: objects by path. Paths are relative, their parts are joined by `/`, hold nothing but
 * letters, digits, `.`, `_` and `-`, and none is `.` or `..`: the registry makes them of names that it has checked.
 * What stands where is the registry's affair, so all drivers hold the same tree.
 *
 * Eight methods are all that a driver must have; {@link WalkableStorage} is an extra, found by its shape.
 *
 * @public
 */
export interface StorageDriver {
  readonly capabilities: StorageCapabilities
  /** A small object, whole. Fails with `not-found`. */
  read(path: string): Promise<Uint8Array>
  /** Makes or replaces a small object, at once and durably: a reader sees the old bytes or the new ones, also after a crash. */
  write(path: string, content: Uint8Array): Promise<void>
  /** The length of an object, and when it was last written, in milliseconds since 1970; `undefined` when there is none. */
  stat(path: string): Promise<{ size: number; modified: number } | undefined>
  /**
   * An object's bytes, or a part of them that lies within its length. Nothing is opened before the first chunk is asked
   * for, which fails with `not-found` when there is no such object. A chunk's memory is used again once the next but
   * one is asked for: whoever keeps chunks copies them. An object that was written or moved to its place is read to its
   * end even when it is removed or replaced in the meantime.
   */
  open(path: string, range?: ByteRange): AsyncIterable<Uint8Array>
  /**
   * Adds to an object from `offset`, which is its length or 0, making it when it is missing; from 0 it begins anew.
   * Resolves to its new length once the bytes are durable. When the source fails, what came before stays, and the
   * failure is thrown; when the storage is full, it is one with the code `resource-exhausted`. Chunks may be kept until
   * then: a source does not use their memory again.
   */
  append(path: string, offset: number, source: AsyncIterable<Uint8Array>): Promise<number>
  /** Gives an object that was written or appended to its place, at once and durably; replaces what is there. */
  move(from: string, to: string): Promise<void>
  /** The names right below a path, in no order; empty when there is nothing. */
  list(path: string): Promise<string[]>
  /** Removes an object, or all below a path. Nothing to remove is no failure. */
  remove(path: string, options?: RemoveOptions): Promise<void>
}

/** Options of removing. @public */
export interface RemoveOptions {
  /** What was removed may be back after a power cut; spares a wait for the disk. Default false: it stays away. */
  lazily?: boolean
}

/** An object that a walk came by. @public */
export interface StoredObject {
  /** From the storage's root on. */
  path: string
  size: number
  /** Milliseconds since 1970. */
  modified: number
}

/** A storage that lists whole trees faster than name by name. @public */
export interface WalkableStorage extends StorageDriver {
  /** All objects below a path, in no order. What is made or removed meanwhile may or may not be among them. */
  walk(path: string): AsyncIterable<StoredObject>
}

/** A storage that has something to do after a crash. @public */
export interface RecoverableStorage extends StorageDriver {
  /** Removes what an earlier process left half done. Called by its one writer, before anything else. */
  recover(): Promise<void>
}

/** A storage that holds something which must be given back. @public */
export interface DisposableStorage extends StorageDriver {
  /** Gives back files, connections and memory; the storage cannot be used afterwards. */
  [Symbol.asyncDispose](): Promise<void>
}
