// SPDX-License-Identifier: Apache-2.0
import type { Digest } from '@teu/oci-spec/image'
import type { StorageDriver } from './driver.ts'

/** Makes or replaces a link: a small file named `link` that holds a digest. @internal */
export async function writeLink(driver: StorageDriver, folder: string, digest: Digest): Promise<void> {
  await driver.write(`${folder}/link`, Buffer.from(digest, 'latin1'))
}
