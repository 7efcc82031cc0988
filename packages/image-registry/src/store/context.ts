// SPDX-License-Identifier: Apache-2.0
import type { ReferenceIndex } from '../references/reference-index.ts'
import type { StorageDriver } from '../storage/driver.ts'
import type { Failpoints } from '../storage/failpoints.ts'
import type { Gates } from './gate.ts'
import type { Holds } from './holds.ts'
import type { StoreLimits } from './limits.ts'
import type { Seen } from './seen.ts'
import type { Survey } from './survey.ts'
import type { Turns } from './turns.ts'

/** What the parts of a store share. @internal */
export interface StoreContext {
  readonly storage: StorageDriver
  readonly index: ReferenceIndex
  readonly survey: Survey
  readonly gates: Gates
  readonly holds: Holds
  readonly turns: Turns
  readonly seen: Seen
  readonly limits: StoreLimits
  /** Nothing is to be changed. */
  readonly isReadOnly: boolean
  readonly now: () => number
  readonly reached: Failpoints
}

/** The turn of collections, of which one runs at a time. @internal */
export const collecting = 'collect garbage'

/** Writes to a repository, beside others who do. @internal */
export async function writing<T>(context: StoreContext, name: string, work: () => Promise<T>): Promise<T> {
  await context.survey.ensureForWriting(name)
  return context.gates.shared(name, work)
}

/** Writes to a repository while nobody else does. @internal */
export async function writingAlone<T>(context: StoreContext, name: string, work: () => Promise<T>): Promise<T> {
  await context.survey.ensureForWriting(name)
  return context.gates.exclusive(name, work)
}

/**
 * Notes in the index what was done to the storage. When that cannot be, the storage is right and the index is not, so it
 * is read again.
 *
 * @internal
 */
export function noting(context: StoreContext, name: string, change: () => void): void {
  try {
    context.index.transaction(change)
  } catch (error) {
    context.survey.distrust(name)
    throw error
  }
}
