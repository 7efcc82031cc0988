// SPDX-License-Identifier: Apache-2.0
import { hasCode } from '@teu/errors'
import { isRepositoryName, isTag } from '@teu/oci-spec/distribution'
import { type Digest, isDigest } from '@teu/oci-spec/image'
import type { StorageDriver, StoredObject } from '../storage/driver.ts'
import { tree } from '../storage/tree.ts'
import { walk } from '../storage/walk.ts'

/** How many small objects are read at once. */
const width = 16

/** What the storage says of a repository. Times are milliseconds since 1970. @internal */
export interface StoredRepository {
  members: Map<Digest, number>
  revisions: Map<Digest, number>
  tags: Map<string, { digest: Digest; updatedAt: number }>
  uploads: Map<string, number>
}

/** Reads a repository's links. @internal */
export async function readRepository(driver: StorageDriver, name: string): Promise<StoredRepository> {
  const [members, revisions, tags, uploads] = await Promise.all([
    readDigests(driver, tree.layers(name)),
    readDigests(driver, tree.revisions(name)),
    readTags(driver, name),
    readUploads(driver, name),
  ])
  return { members, revisions, tags, uploads }
}

/** The names of all repositories, in order: folders with one of the parts that only a repository has. @internal */
export async function listRepositories(driver: StorageDriver): Promise<string[]> {
  const found: string[] = []
  let pending = ['']
  while (pending.length > 0) {
    const batch = pending.splice(-width)
    const below = await Promise.all(
      batch.map((name) => driver.list(name === '' ? tree.repositories : tree.repository(name))),
    )
    for (const [index, parts] of below.entries()) {
      const name = batch[index] as string
      if (parts.some((part) => part === '_layers' || part === '_manifests' || part === '_uploads')) found.push(name)
      const inner = parts
        .filter((part) => !part.startsWith('_'))
        .map((part) => (name === '' ? part : `${name}/${part}`))
      pending = [...pending, ...inner]
    }
  }
  return found.filter(isRepositoryName).sort()
}

/** Links by digest: `<algorithm>/<encoded>/link`. */
async function readDigests(driver: StorageDriver, folder: string): Promise<Map<Digest, number>> {
  const found = new Map<Digest, number>()
  for await (const { path, modified } of walk(driver, folder)) {
    const [algorithm, encoded, link, ...more] = path.slice(folder.length + 1).split('/')
    const digest = `${algorithm}:${encoded}`
    if (link === 'link' && more.length === 0 && isDigest(digest)) found.set(digest, modified)
  }
  return found
}

async function readTags(driver: StorageDriver, name: string): Promise<StoredRepository['tags']> {
  const found: StoredRepository['tags'] = new Map()
  const folder = tree.tags(name)
  const readAll = async (links: StoredObject[]) => {
    const digests = await Promise.all(links.map(({ path }) => readDigest(driver, path)))
    for (const [index, digest] of digests.entries()) {
      const { path, modified } = links[index] as StoredObject
      const tag = path.slice(folder.length + 1).split('/', 1)[0] as string
      if (digest !== undefined && isTag(tag)) found.set(tag, { digest, updatedAt: modified })
    }
  }
  let links: StoredObject[] = []
  for await (const object of walk(driver, folder)) {
    if (!/^[^/]+\/current\/link$/.test(object.path.slice(folder.length + 1))) continue
    links.push(object)
    if (links.length < width) continue
    await readAll(links)
    links = []
  }
  await readAll(links)
  return found
}

/** The digest in a link; `undefined` when there is none, or none in it. @internal */
export async function readDigest(driver: StorageDriver, path: string): Promise<Digest | undefined> {
  try {
    const text = Buffer.from(await driver.read(path))
      .toString('latin1')
      .trim()
    return isDigest(text) ? text : undefined
  } catch (error) {
    if (hasCode(error, 'not-found')) return undefined
    throw error
  }
}

/** When anything of an upload was last written. */
async function readUploads(driver: StorageDriver, name: string): Promise<Map<string, number>> {
  const found = new Map<string, number>()
  const folder = tree.uploads(name)
  for await (const { path, modified } of walk(driver, folder)) {
    const id = path.slice(folder.length + 1).split('/', 1)[0] as string
    found.set(id, Math.max(found.get(id) ?? 0, modified))
  }
  return found
}
