// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { digestOf, mediaTypes } from '@teu/oci-spec/image'

/** Headers of requests. */
export type Headers = Record<string, string>

/** Basic credentials as a header. */
export function basic(user: string, password: string): Headers {
  return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` }
}

/** A token as a header. */
export function bearer(token: string): Headers {
  return { authorization: `Bearer ${token}` }
}

/** Pushes a blob in one request; answers its digest. */
export async function putBlob(url: string, repository: string, content: string | Uint8Array, headers: Headers = {}) {
  const digest = digestOf(content)
  const target = `${url}/v2/${repository}/blobs/uploads/?digest=${digest}`
  const answer = await fetch(target, { method: 'POST', headers, body: content as string })
  assert.equal(answer.status, 201, await answer.text())
  return digest
}

/** Pushes an image without layers, or with those given; answers its manifest and digest. */
export async function putImage(
  url: string,
  repository: string,
  tag: string,
  {
    headers = {},
    layers = [],
    config = '{}',
    ...more
  }: { headers?: Headers; layers?: string[]; config?: string } & Record<string, unknown> = {},
) {
  const descriptor = async (content: string, mediaType: string) => ({
    mediaType,
    digest: await putBlob(url, repository, content, headers),
    size: Buffer.byteLength(content),
  })
  const body = JSON.stringify({
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: await descriptor(config, mediaTypes.ociConfig),
    layers: await Promise.all(layers.map((layer) => descriptor(layer, mediaTypes.ociLayer))),
    ...more,
  })
  const answer = await putManifest(url, repository, tag, body, headers)
  assert.equal(answer.status, 201, await answer.text())
  return { body, digest: digestOf(body) }
}

/** Puts a manifest. */
export function putManifest(
  url: string,
  repository: string,
  reference: string,
  body: string,
  headers: Headers = {},
  type: string = mediaTypes.ociManifest,
) {
  const target = `${url}/v2/${repository}/manifests/${reference}`
  return fetch(target, { method: 'PUT', headers: { 'content-type': type, ...headers }, body })
}

/** The code of an answer in the registry's error form. */
export async function codeOf(answer: Response): Promise<string | undefined> {
  const { errors } = (await answer.json()) as { errors: { code: string }[] }
  return errors[0]?.code
}
