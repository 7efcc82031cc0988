// SPDX-License-Identifier: Apache-2.0
import { stat } from 'node:fs/promises'
import { StackError } from '@teu/errors'
import type { Command } from 'commander'
import type { Store } from '../store/store.ts'

/** What every command takes that works on what a registry stored. @internal */
export interface StoreFlags {
  root: string
  s3Bucket?: string
  s3Endpoint?: string
  s3Region?: string
  s3Prefix?: string
  json?: boolean
}

/** Adds the options of {@link StoreFlags}. @internal */
export function withStoreFlags(command: Command): Command {
  return command
    .option('--root <dir>', 'where the registry keeps its content', '/var/lib/teu/registry')
    .option('--s3-bucket <name>', 'the bucket that it keeps it in instead; below --root is its index then')
    .option('--s3-endpoint <url>', "the bucket's service; default Amazon's")
    .option('--s3-region <name>', 'its region; default AWS_REGION')
    .option('--s3-prefix <path>', 'what goes in front of every key')
    .option('--json', 'print the result as JSON')
}

/** A store that was opened for a command. @internal */
export interface OpenedStore extends AsyncDisposable {
  store: Store
}

/**
 * Opens what a registry stored. Throws `not-found` for a directory that is not there, which would be made: not what
 * somebody with a misspelt path wants.
 *
 * @internal
 */
export async function openFor(flags: StoreFlags, readOnly: boolean): Promise<OpenedStore> {
  const { root, s3Bucket: bucket, s3Endpoint: endpoint, s3Region: region, s3Prefix: prefix } = flags
  const { storeInBucket } = await import('../storage/s3/store-in-bucket.ts')
  const inBucket = await storeInBucket({ bucket, endpoint, region, prefix }, root)
  if (inBucket === undefined && !(await isDirectory(root)))
    throw new StackError('not-found', `${root}: no such directory`)
  // What works on a store is read when it is wanted: the other commands start without it.
  const { openStore } = await import('../store/store.ts')
  const store = await openStore({ ...(inBucket ?? { storage: root }), readOnly })
  return {
    store,
    async [Symbol.asyncDispose]() {
      await store.close()
      await inBucket?.storage[Symbol.asyncDispose]()
    },
  }
}

function isDirectory(place: string): Promise<boolean> {
  return stat(place).then(
    (stats) => stats.isDirectory(),
    () => false,
  )
}
