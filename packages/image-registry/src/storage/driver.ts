// SPDX-License-Identifier: Apache-2.0
import type { ByteRange } from '@teu/oci-spec/distribution'

/**
 * Where a registry keeps its bytes: objects by path. Paths are relative, their parts are joined by `/`, hold nothing but
 * letters, digits, `.`, `_` and `-`, and none is `.` or `..`: the registry makes them of names that it has checked.
 * What stands where is the registry's affair, so the two drivers here, and any other, hold the same tree.
 *
 * @public
 */
export interface StorageDriver {
  /** A small object, whole. Fails with `not-found`. */
  read(path: string): Promise<Uint8Array>
  /** Makes or replaces a small object, at once and durably: a reader sees the old bytes or the new ones, also after a crash. */
  write(path: string, content: Uint8Array): Promise<void>
  /** The length of an object, and when it was last written, in milliseconds since 1970; `undefined` when there is none. */
  stat(path: string): Promise<{ size: number; modified: number } | undefined>
  /**
   * An object's bytes, or a part of them that lies within its length. Nothing is opened before the first chunk is asked
   * for, which fails with `not-found` when there is no such object. A chunk's memory is used again once the next but
   * one is asked for: whoever keeps chunks copies them.
   */
  open(path: string, range?: ByteRange): AsyncIterable<Uint8Array>
  /**
   * Adds to an object from `offset`, which is its length or 0, making it when it is missing. Resolves to its new length once the bytes are
   * durable. When the source fails, what came before stays, and the failure is thrown.
   */
  append(path: string, offset: number, source: AsyncIterable<Uint8Array>): Promise<number>
  /** Gives a finished object its place, at once and durably; replaces what is there. */
  move(from: string, to: string): Promise<void>
  /** The names right below a path, in no order; empty when there is nothing. */
  list(path: string): Promise<string[]>
  /** Removes an object, or all below a path. Nothing to remove is no failure. */
  remove(path: string): Promise<void>
}
