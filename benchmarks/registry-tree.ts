// SPDX-License-Identifier: Apache-2.0
// What a registry holds, written where it keeps it: making as much by pushing would take longer than any measurement.
import { createHash } from 'node:crypto'
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import path from 'node:path'

export const manifestType = 'application/vnd.oci.image.manifest.v1+json'
const configType = 'application/vnd.oci.image.config.v1+json'
const base = 'docker/registry/v2'

export function digestOf(content: string | Uint8Array): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`
}

/** A manifest of a configuration and of layers, which may be anywhere. */
export function manifestOf(config: string, layers: readonly { digest: string; size: number }[] = []): string {
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: manifestType,
    config: { mediaType: configType, digest: digestOf(config), size: config.length },
    layers: layers.map((layer) => ({ mediaType: 'application/vnd.oci.image.layer.v1.tar', ...layer })),
  })
}

function write(root: string, place: string, content: string, seconds?: number): void {
  const file = path.join(root, base, place)
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, content)
  if (seconds !== undefined) utimesSync(file, seconds, seconds)
}

/** Puts a blob into a repository, as if it had come `ageSeconds` ago. */
export function writeBlob(root: string, repository: string, content: string, ageSeconds = 0): void {
  const digest = digestOf(content)
  const hex = digest.slice('sha256:'.length)
  const seconds = Date.now() / 1000 - ageSeconds
  write(root, `blobs/sha256/${hex.slice(0, 2)}/${hex}/data`, content, seconds)
  write(root, `repositories/${repository}/_layers/sha256/${hex}/link`, digest, seconds)
}

/** Puts one image into a repository, under each of the tags. */
export function writeTags(root: string, repository: string, tags: readonly string[]): void {
  const config = '{}'
  const manifest = manifestOf(config)
  const digest = digestOf(manifest)
  const hex = digest.slice('sha256:'.length)
  writeBlob(root, repository, config)
  write(root, `blobs/sha256/${hex.slice(0, 2)}/${hex}/data`, manifest)
  const manifests = `repositories/${repository}/_manifests`
  write(root, `${manifests}/revisions/sha256/${hex}/link`, digest)
  for (const tag of tags) {
    write(root, `${manifests}/tags/${tag}/current/link`, digest)
    write(root, `${manifests}/tags/${tag}/index/sha256/${hex}/link`, digest)
  }
}
