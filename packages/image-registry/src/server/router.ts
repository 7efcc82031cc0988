// SPDX-License-Identifier: Apache-2.0
import { isRepositoryName, isTag } from '@teu/oci-spec/distribution'
import { type Digest, parseDigest } from '@teu/oci-spec/image'
import type { ManifestReference } from '../store/manifest-store.ts'
import { Failure } from './failure.ts'

/** What a path names. @internal */
export type Route =
  | { kind: 'base' }
  | { kind: 'catalog' }
  | { kind: 'tags'; name: string }
  | { kind: 'manifest'; name: string; reference: ManifestReference }
  | { kind: 'blob'; name: string; digest: Digest }
  | { kind: 'uploads'; name: string }
  | { kind: 'upload'; name: string; id: string }
  | { kind: 'referrers'; name: string; digest: Digest }

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/**
 * Reads a path. Names of repositories contain slashes, so it is read from its end. `undefined` stands for a path that is
 * none of the protocol's; names, tags and digests outside their grammar throw the refusal that says so.
 *
 * @internal
 */
export function route(pathname: string): Route | undefined {
  const path = decode(pathname)
  if (path === '/v2/' || path === '/v2') return { kind: 'base' }
  if (path === '/v2/_catalog') return { kind: 'catalog' }
  if (path === undefined || !path.startsWith('/v2/')) return undefined
  const parts = path.slice('/v2/'.length).split('/')
  const last = parts.at(-1) ?? ''
  const before = parts.at(-2)
  const name = (drop: number) => checkedName(parts.slice(0, -drop).join('/'))
  if (before === 'tags' && last === 'list' && parts.length > 2) return { kind: 'tags', name: name(2) }
  if (parts.at(-3) === 'blobs' && before === 'uploads' && parts.length > 3) return uploadRoute(name(3), last)
  if (parts.length < 3) return undefined
  switch (before) {
    case 'blobs':
      return last === 'uploads'
        ? { kind: 'uploads', name: name(2) }
        : { kind: 'blob', name: name(2), digest: digest(last) }
    case 'manifests':
      return { kind: 'manifest', name: name(2), reference: manifestReference(last) }
    case 'referrers':
      return { kind: 'referrers', name: name(2), digest: digest(last) }
    default:
      return undefined
  }
}

function uploadRoute(name: string, id: string): Route {
  if (id === '') return { kind: 'uploads', name }
  if (!uuid.test(id)) throw new Failure('BLOB_UPLOAD_UNKNOWN')
  return { kind: 'upload', name, id }
}

function decode(pathname: string): string | undefined {
  try {
    return decodeURIComponent(pathname)
  } catch {
    return undefined
  }
}

function checkedName(name: string): string {
  if (isRepositoryName(name)) return name
  throw new Failure('NAME_INVALID', { name: name.slice(0, 256) })
}

function digest(text: string): Digest {
  try {
    return parseDigest(text)
  } catch (error) {
    throw new Failure('DIGEST_INVALID', (error as Error).message)
  }
}

function manifestReference(text: string): ManifestReference {
  if (text.includes(':')) return { digest: digest(text) }
  if (isTag(text)) return { tag: text }
  throw new Failure('TAG_INVALID', { tag: text.slice(0, 160) })
}
