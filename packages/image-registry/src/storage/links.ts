// SPDX-License-Identifier: Apache-2.0
import { hasCode } from '@teu/errors'
import { type Digest, isDigest } from '@teu/oci-spec/image'
import type { StorageDriver } from './driver.ts'
import { tree } from './tree.ts'

/** Links: small files named `link` that hold a digest. @internal */
export async function readLink(driver: StorageDriver, folder: string): Promise<Digest | undefined> {
  try {
    const text = Buffer.from(await driver.read(`${folder}/link`)).toString('latin1')
    return isDigest(text) ? text : undefined
  } catch (error) {
    if (hasCode(error, 'not-found')) return undefined
    throw error
  }
}

/** Makes or replaces a link. @internal */
export async function writeLink(driver: StorageDriver, folder: string, digest: Digest): Promise<void> {
  await driver.write(`${folder}/link`, Buffer.from(digest, 'latin1'))
}

/** The digests that are linked below a folder of algorithms, in order. @internal */
export async function listLinks(driver: StorageDriver, folder: string): Promise<Digest[]> {
  const found: Digest[] = []
  for (const algorithm of await driver.list(folder)) {
    for (const encoded of await driver.list(`${folder}/${algorithm}`)) {
      const digest = `${algorithm}:${encoded}`
      if (isDigest(digest) && (await readLink(driver, `${folder}/${algorithm}/${encoded}`)) === digest)
        found.push(digest)
    }
  }
  return found.sort()
}

/** The names of all repositories that have a folder `marker`, in order. @internal */
export async function listRepositories(
  driver: StorageDriver,
  marker: '_layers' | '_manifests' | '_uploads',
): Promise<string[]> {
  const found: string[] = []
  const pending = ['']
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    const below = await driver.list(name === '' ? tree.repositories : tree.repository(name))
    if (below.includes(marker)) found.push(name)
    for (const part of below) if (!part.startsWith('_')) pending.push(name === '' ? part : `${name}/${part}`)
  }
  return found.sort()
}
