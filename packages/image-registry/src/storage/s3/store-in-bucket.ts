// SPDX-License-Identifier: Apache-2.0
import path from 'node:path'
import { StackError } from '@teu/errors'
import type { DisposableStorage } from '../driver.ts'

/** A bucket as the program is told of it; credentials are found as all of Amazon's tools find them. @internal */
export interface BucketPlace {
  bucket?: string | undefined
  endpoint?: string | undefined
  region?: string | undefined
  prefix?: string | undefined
}

/**
 * What a store is opened with that lies in a bucket: the storage, and the index in a directory of this machine, whose
 * lock keeps a second writer of the same machine out. `undefined` when no bucket is named; throws `invalid-argument`
 * when something is said of none.
 *
 * @internal
 */
export async function storeInBucket(
  { bucket, endpoint, region, prefix }: BucketPlace,
  directory: string,
): Promise<{ storage: DisposableStorage; index: string } | undefined> {
  if (bucket === undefined) {
    if (endpoint === undefined && region === undefined && prefix === undefined) return undefined
    throw new StackError('invalid-argument', '--s3-endpoint, --s3-region and --s3-prefix go with --s3-bucket')
  }
  const { s3Storage } = await import('./s3-storage.ts')
  const storage = s3Storage({
    bucket,
    ...(endpoint !== undefined && { endpoint }),
    ...(region !== undefined && { region }),
    ...(prefix !== undefined && { prefix: prefix.replace(/^\/+|\/+$/g, '') }),
  })
  return { storage, index: path.join(directory, 'teu', 'bucket.db') }
}
