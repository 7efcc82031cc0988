// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { digestOf, mediaTypes } from '@teu/oci-spec/image'
import { putBlob, putImage, putManifest } from './requests.ts'

const steps = [
  { created_by: '/bin/sh -c #(nop) ADD file:5f0a1b in / ', size: 3_100_000 },
  { created_by: '/bin/sh -c #(nop)  ENV NODE_VERSION=24.2.1', empty_layer: true },
  { created_by: 'RUN /bin/sh -c apk add --no-cache libstdc++ # buildkit', size: 900_000 },
  { created_by: 'COPY package.json package-lock.json ./ # buildkit', size: 40_000 },
  { created_by: 'RUN /bin/sh -c npm ci --omit=dev # buildkit', size: 1_900_000 },
  { created_by: 'COPY src ./src # buildkit', size: 120_000 },
  { created_by: 'EXPOSE map[3000/tcp:{}]', empty_layer: true },
  { created_by: 'CMD ["node" "src/server.js"]', empty_layer: true },
]

/** Pushes a web application's image for a platform, whose layers have real bytes of the lengths given above. */
async function pushApplication(
  url: string,
  repository: string,
  tag: string,
  architecture: string,
  created: string,
  seed: number,
) {
  const made = steps.map(({ size: _, ...step }) => ({ ...step, created }))
  const layers: { mediaType: string; digest: string; size: number }[] = []
  for (const { size } of steps) {
    if (size === undefined) continue
    const bytes = gzipSync(Buffer.alloc(size * 3, randomBytes(Math.ceil(size / 4))), { level: 1 })
    layers.push({
      mediaType: mediaTypes.ociLayerGzip,
      digest: await putBlob(url, repository, bytes),
      size: bytes.byteLength,
    })
  }
  const diffIds = layers.map((_, at) => digestOf(`${seed}-${at}`))
  const config = JSON.stringify({
    ...{ architecture, os: 'linux', created, author: 'The web team <web@example.org>' },
    config: {
      ...{ User: 'node', WorkingDir: '/app', ExposedPorts: { '3000/tcp': {} } },
      Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'NODE_VERSION=24.2.1'],
      ...{ Entrypoint: ['docker-entrypoint.sh'], Cmd: ['node', 'src/server.js'] },
      Labels: {
        'org.opencontainers.image.source': 'https://git.example.org/web/shop',
        'org.opencontainers.image.version': '2.4.0',
      },
    },
    rootfs: { type: 'layers', diff_ids: diffIds },
    history: made,
  })
  const descriptor = {
    mediaType: mediaTypes.ociConfig,
    digest: await putBlob(url, repository, config),
    size: Buffer.byteLength(config),
  }
  const body = JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociManifest, config: descriptor, layers })
  await putManifest(url, repository, tag === '' ? digestOf(body) : tag, body)
  return {
    mediaType: mediaTypes.ociManifest,
    digest: digestOf(body),
    size: Buffer.byteLength(body),
    platform: { os: 'linux', architecture },
  }
}

/** Fills a registry with what a small team has. Answers the digest of the image with a signature. */
export async function fillRegistry(url: string): Promise<string> {
  let signed = ''
  for (const [at, tag] of ['2.3.0', '2.4.0', 'latest'].entries()) {
    const created = `2026-0${at + 3}-1${at}T09:30:00Z`
    const manifests = []
    for (const architecture of ['amd64', 'arm64'])
      manifests.push(await pushApplication(url, 'web/shop', '', architecture, created, at))
    const index = JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests })
    await putManifest(url, 'web/shop', tag, index, {}, mediaTypes.ociIndex)
    const [subject] = manifests
    if (subject === undefined) continue
    signed = subject.digest
    const { platform: _, ...about } = subject
    await putImage(url, 'web/shop', digestTag(at), {
      subject: about,
      artifactType: 'application/vnd.dev.cosign.artifact.sig.v1+json',
      layers: [`signature ${at}`],
      annotations: { 'org.opencontainers.image.created': created },
    })
    await putImage(url, 'web/shop', `sbom-${tag}`, {
      subject: about,
      artifactType: 'application/spdx+json',
      layers: [`packages ${at}`],
    })
  }
  await pushApplication(url, 'web/cart', '1.0', 'amd64', '2026-05-02T10:00:00Z', 9)
  for (const name of ['base/alpine', 'base/debian', 'data/postgres', 'tools/builder', 'tools/lint']) {
    for (const tag of ['1', '1.1', 'edge']) await putImage(url, name, tag, { layers: [`${name} ${tag}`] })
  }
  return signed
}

function digestTag(at: number): string {
  return `signature-${at}`
}
