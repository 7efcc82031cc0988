// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { messageOf, StackError } from '@teu/errors'
import type { RuntimeChoice } from '../oci-runtime/choose-runtime.ts'
import { readJson, recordFolder, writeJson } from '../process/process-record.ts'

/** What a later shim must know of a container besides its processes. @internal */
export interface ContainerRecord {
  readonly version: 1
  readonly id: string
  readonly namespace: string
  readonly runtime: RuntimeChoice
  /** The container shares a pid namespace, so that its other processes survive its first one. */
  readonly sharedPids: boolean
  /** Where the shim that has the container listens: a later one takes the same place, whatever group it would choose. */
  readonly socket: string
  /** The shim mounted the root file system. */
  readonly mounted: boolean
}

/** Saves the record of a container in its bundle. @internal */
export function saveContainer(bundle: string, record: ContainerRecord): void {
  writeJson(join(bundle, recordFolder, 'container.json'), record)
}

/**
 * The record of a bundle's container; undefined when there is none, or it is damaged. Throws `failed-precondition` when a
 * newer shim has written it: what this one does not understand it leaves alone.
 *
 * @internal
 */
export async function loadContainer(bundle: string): Promise<ContainerRecord | undefined> {
  const record = await readJson<Omit<ContainerRecord, 'version'> & { version: number }>(
    join(bundle, recordFolder, 'container.json'),
  )
  if (typeof record?.version === 'number' && record.version > 1) {
    throw new StackError('failed-precondition', `${bundle} has a container of a newer shim`)
  }
  return record?.version === 1 && typeof record.id === 'string' && record.runtime
    ? { ...record, version: 1 }
    : undefined
}

/** Whether the configuration of a bundle leaves its container in a pid namespace of others. @internal */
export function sharesPids(bundle: string): boolean {
  const path = join(bundle, 'config.json')
  let config: { linux?: { namespaces?: { type?: string; path?: string }[] } }
  try {
    config = JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new StackError('invalid-argument', `${path}: ${messageOf(error)}`, { cause: error })
  }
  return !(config.linux?.namespaces ?? []).some(({ type, path: joined }) => type === 'pid' && !joined)
}
