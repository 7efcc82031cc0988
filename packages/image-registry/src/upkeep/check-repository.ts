// SPDX-License-Identifier: Apache-2.0
import { type Digest, isDigest, isForeignLayerType, parseManifest } from '@teu/oci-spec/image'
import { tree } from '../storage/tree.ts'
import { walk } from '../storage/walk.ts'
import { collecting } from '../store/context.ts'
import { readDigest, readRepository, type StoredRepository } from '../store/read-repository.ts'
import type { Store } from '../store/store.ts'
import type { Suspicion } from './finding.ts'

/**
 * Compares a repository with what it points at, and with the index, while nobody writes to it and nothing is collected.
 * Suspicions go to `settle`, when it is given, before the repository is let go.
 *
 * @internal
 */
export function checkRepository(
  store: Store,
  name: string,
  result: { manifests: number; tags: number },
  settle?: (suspicion: Suspicion) => Promise<void>,
): Promise<Suspicion[]> {
  const { storage, gates, survey, turns } = store.context
  const alone = (work: () => Promise<Suspicion[]>) => turns.run(collecting, () => gates.exclusive(name, work))
  return alone(async () => {
    const found = await readRepository(storage, name)
    result.manifests += found.revisions.size
    result.tags += found.tags.size
    const suspicions = [
      ...(await checkLinks(store, name, found)),
      ...(await checkContent(store, name, found)),
      ...checkIndex(store, name, found),
    ]
    if (settle === undefined) return suspicions
    for (const suspicion of suspicions) await settle(suspicion)
    if (suspicions.length > 0) survey.distrust(name)
    return suspicions
  })
}

/** Links that hold something else than their place says, and files that are no links. */
async function checkLinks(store: Store, name: string, found: StoredRepository): Promise<Suspicion[]> {
  const { storage } = store.context
  const suspicions: Suspicion[] = []
  const base = tree.repository(name)
  for (const part of ['_layers', '_manifests']) {
    for await (const { path } of walk(storage, `${base}/${part}`)) {
      const place = readPlace(path.slice(base.length + 1))
      const suspect = (suspicion: Pick<Suspicion, 'kind' | 'message' | 'repair'>) =>
        suspicions.push({ ...suspicion, path, repository: name })
      if (place.kind === 'digest') {
        if ((await readDigest(storage, path)) === place.digest) continue
        const repair = () => storage.write(path, Buffer.from(place.digest))
        suspect({ kind: 'broken-link', message: `${path} does not hold the digest of its place`, repair })
      } else if (place.kind === 'tag') {
        if (found.tags.has(place.tag)) continue
        const repair = () => storage.remove(tree.tag(name, place.tag))
        suspect({ kind: 'broken-link', message: `${name}:${place.tag} points at nothing`, repair })
      } else if (place.kind === 'none') {
        suspect({ kind: 'orphan-file', message: `${path} is no link`, repair: () => storage.remove(path) })
      }
    }
  }
  return suspicions
}

type Place = { kind: 'digest'; digest: Digest } | { kind: 'tag'; tag: string } | { kind: 'left' | 'none' }

/** What a file of a repository is. */
function readPlace(path: string): Place {
  const digestOf = (algorithm?: string, encoded?: string): Place => {
    const digest = `${algorithm}:${encoded}`
    return isDigest(digest) ? { kind: 'digest', digest } : { kind: 'none' }
  }
  const tag = /^_manifests\/tags\/([^/]+)\/current\/link$/.exec(path)
  if (tag !== null) return { kind: 'tag', tag: tag[1] as string }
  // A tag's earlier digests go with it; what is left of a tag that was being set names nothing.
  if (/^_manifests\/tags\/[^/]+\/index\/[^/]+\/[^/]+\/link$/.test(path)) return { kind: 'left' }
  if (/^_manifests\/revisions\/[^/]+\/[^/]+\/signatures\//.test(path)) return { kind: 'left' }
  const link = /^(?:_layers|_manifests\/revisions)\/([^/]+)\/([^/]+)\/link$/.exec(path)
  return link === null ? { kind: 'none' } : digestOf(link[1], link[2])
}

/** What is pointed at and not there. */
async function checkContent(store: Store, name: string, found: StoredRepository): Promise<Suspicion[]> {
  const { storage, index } = store.context
  const suspicions: Suspicion[] = []
  const isStored = async (digest: Digest) => (await storage.stat(tree.blob(digest))) !== undefined
  const suspect = (suspicion: Omit<Suspicion, 'repository'>) => suspicions.push({ ...suspicion, repository: name })
  for (const digest of found.members.keys()) {
    if (await isStored(digest)) continue
    const path = tree.layer(name, digest)
    const message = `${name} holds ${digest}, whose bytes are missing`
    suspect({ kind: 'missing-blob', message, path, digest, repair: () => storage.remove(path) })
  }
  for (const digest of found.revisions.keys()) {
    const path = tree.revision(name, digest)
    if (!(await isStored(digest))) {
      const message = `${name} holds manifest ${digest}, whose bytes are missing`
      suspect({
        kind: 'missing-manifest',
        message,
        path,
        digest,
        repair: () => removeManifest(store, name, digest, found),
      })
    } else if (!index.manifests.isDescribed(digest)) {
      suspect({ kind: 'unreadable-manifest', message: `${name}: ${digest} is no manifest known here`, path, digest })
    } else {
      for (const target of index.manifests.targets(digest)) {
        const isHeld = found.members.has(target) || found.revisions.has(target)
        if (isHeld && (await isStored(target))) continue
        if (!isHeld && (await liesElsewhere(store, digest, target))) continue
        const message = `${name}: manifest ${digest} points at ${target}, which is not there`
        suspect({ kind: 'missing-target', message, path, digest: target })
      }
    }
  }
  for (const [tag, { digest }] of found.tags) {
    if (found.revisions.has(digest)) continue
    const path = tree.tag(name, tag)
    const message = `${name}:${tag} is ${digest}, which the repository does not hold`
    suspect({ kind: 'dangling-tag', message, path, digest, repair: () => storage.remove(path) })
  }
  return suspicions
}

/** Whether a manifest names a blob only as a layer that may not be distributed, so that it can do without. */
async function liesElsewhere({ context: { storage } }: Store, manifest: Digest, target: Digest): Promise<boolean> {
  const parsed = parseManifest(await storage.read(tree.blob(manifest)))
  const uses = parsed.kind === 'index' ? [] : [parsed.manifest.config, ...parsed.manifest.layers]
  const ofTarget = uses.filter(({ digest }) => digest === target)
  return ofTarget.length > 0 && ofTarget.every(({ mediaType }) => isForeignLayerType(mediaType))
}

async function removeManifest(
  { context: { storage } }: Store,
  name: string,
  digest: Digest,
  { tags }: StoredRepository,
): Promise<void> {
  for (const [tag, target] of tags) if (target.digest === digest) await storage.remove(tree.tag(name, tag))
  await storage.remove(tree.revision(name, digest))
}

/** What the index says otherwise. */
function checkIndex({ context: { index } }: Store, name: string, found: StoredRepository): Suspicion[] {
  const repository = index.repositories.find(name)
  const id = repository?.id ?? -1
  const members = index.repositories.members(id)
  const differences = [
    ...differing('blobs', new Set(members.map(({ digest }) => digest)), found.members),
    ...differing('manifests', new Set(index.manifests.linked(id)), found.revisions),
    ...differing(
      'tags',
      new Set(index.tags.list(id).map((tag) => `${tag.name} ${tag.digest}`)),
      new Map([...found.tags].map(([tag, { digest }]) => [`${tag} ${digest}`, 0])),
    ),
  ]
  if (repository !== undefined && repository.bytes !== index.repositories.countedBytes(id))
    differences.push('the length of its content')
  if (differences.length === 0) return []
  const message = `${name}: the index is wrong about ${differences.join(', ')}`
  return [{ kind: 'index-differs', message, path: tree.repository(name), repository: name, repair: async () => {} }]
}

function differing(what: string, known: ReadonlySet<string>, found: ReadonlyMap<string, unknown>): string[] {
  return known.size === found.size && [...found.keys()].every((key) => known.has(key)) ? [] : [what]
}
