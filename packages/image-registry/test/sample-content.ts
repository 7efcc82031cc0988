// SPDX-License-Identifier: Apache-2.0
// Small content over plain HTTP, so that tests of the server depend on no client of ours.
import assert from 'node:assert/strict'
import { type Digest, digestOf, mediaTypes } from '@teu/oci-spec/image'

/** An answer that must have a status. */
export async function expectStatus(answer: Promise<Response>, ...statuses: number[]): Promise<Response> {
  const response = await answer
  if (statuses.includes(response.status)) return response
  assert.fail(`${response.url}: ${response.status} ${await response.text()}`)
}

/** Pushes a blob in two requests. */
export async function pushBlob(url: string, name: string, content: Uint8Array): Promise<Digest> {
  const digest = digestOf(content)
  const opened = await expectStatus(fetch(`${url}/v2/${name}/blobs/uploads/`, { method: 'POST' }), 202)
  const location = new URL(opened.headers.get('location') as string, url)
  location.searchParams.set('digest', digest)
  await expectStatus(fetch(location, { method: 'PUT', body: content as BodyInit }), 201)
  return digest
}

/** The bytes of a manifest of one configuration and some layers. */
export function manifestOf(config: Uint8Array, layers: readonly Uint8Array[], more: object = {}): Buffer {
  const describe = (mediaType: string, content: Uint8Array) => ({
    mediaType,
    digest: digestOf(content),
    size: content.byteLength,
  })
  return Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaTypes.ociManifest,
      config: describe(mediaTypes.ociConfig, config),
      layers: layers.map((layer) => describe('application/vnd.oci.image.layer.v1.tar', layer)),
      ...more,
    }),
  )
}

/** Puts a manifest under a tag or its digest. */
export async function putManifest(url: string, name: string, reference: string, body: Uint8Array): Promise<Digest> {
  await expectStatus(sendManifest(url, name, reference, body), 201)
  return digestOf(body)
}

/** Asks for a manifest to be put, whatever the answer. */
export function sendManifest(url: string, name: string, reference: string, body: Uint8Array): Promise<Response> {
  const headers = { 'content-type': mediaTypes.ociManifest }
  return fetch(`${url}/v2/${name}/manifests/${reference}`, { method: 'PUT', headers, body: body as BodyInit })
}

/** Pushes an image of one layer. */
export async function pushImage(url: string, name: string, tag: string, layer: Uint8Array): Promise<Digest> {
  const config = Buffer.from(
    JSON.stringify({
      architecture: 'amd64',
      os: 'linux',
      config: {},
      rootfs: { type: 'layers', diff_ids: [digestOf(layer)] },
    }),
  )
  await Promise.all([pushBlob(url, name, config), pushBlob(url, name, layer)])
  return putManifest(url, name, tag, manifestOf(config, [layer]))
}
