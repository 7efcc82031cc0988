// SPDX-License-Identifier: Apache-2.0
import type { ImageSummary } from '@teu/engine-api'
import { familiarName, parseReference, type Reference } from '@teu/oci-spec/distribution'
import { formatSize } from '../format/bytes.ts'
import { formatLocalTime, humanDuration } from '../format/duration.ts'
import type { ListShape } from '../format/list-format.ts'
import { shortId } from '../format/text.ts'

/** One row of the list: an image under one of its names. */
export interface ImageRow {
  readonly image: ImageSummary
  readonly repository: string
  readonly tag: string
  readonly digest: string
}

const none = '<none>'

/**
 * The rows of a list: one a tag, or one a tag and digest when digests are shown. An image that has digests of a
 * repository but no tag there has a row too, and one with no name at all.
 */
export function imageRows(images: readonly ImageSummary[], withDigests: boolean, digestColumn: boolean): ImageRow[] {
  return images.flatMap((image) => {
    const tags = grouped(image.RepoTags, (reference) => reference.tag)
    const digests = grouped(image.RepoDigests, (reference) => reference.digest)
    if (tags.size === 0 && digests.size === 0) return [{ image, repository: none, tag: none, digest: none }]
    const tagged = [...tags].flatMap(([repository, names]) => {
      const own = withDigests ? (digests.get(repository) ?? [none]) : [none]
      return names.flatMap((tag) => own.map((digest) => ({ image, repository, tag, digest })))
    })
    const untagged = [...digests]
      .filter(([repository]) => !tags.has(repository))
      .flatMap(([repository, names]) =>
        (digestColumn ? names : ['']).map((digest) => ({ image, repository, tag: none, digest })),
      )
    return [...tagged, ...untagged]
  })
}

function grouped(
  names: readonly string[] | null,
  part: (reference: Reference) => string | undefined,
): Map<string, string[]> {
  const groups = new Map<string, string[]>()
  for (const name of names ?? []) {
    const reference = readReference(name)
    const value = reference && part(reference)
    if (!reference || value === undefined) continue
    const repository = familiarName(reference)
    groups.set(repository, [...(groups.get(repository) ?? []), value])
  }
  return groups
}

function readReference(name: string): Reference | undefined {
  try {
    return parseReference(name)
  } catch {
    return undefined
  }
}

const age = '{{if .CreatedSince}}{{.CreatedSince}}{{else}}N/A{{end}}'

/** What the list of images shows. */
export function imageShape({ truncate = true, digests = false, now = Date.now() } = {}): ListShape<ImageRow> {
  return {
    typeName: '*formatter.imageContext',
    defaultTable: `{{.Repository}}\t{{.Tag}}\t${digests ? '{{.Digest}}\t' : ''}{{.ID}}\t${age}\t{{.Size}}`,
    raw: `repository: {{.Repository}}
tag: {{.Tag}}
${digests ? 'digest: {{.Digest}}\n' : ''}image_id: {{.ID}}
created_at: {{.CreatedAt}}
virtual_size: {{.Size}}
`,
    titles: {
      ID: 'IMAGE ID',
      Repository: 'REPOSITORY',
      Tag: 'TAG',
      Digest: 'DIGEST',
      CreatedSince: 'CREATED',
      CreatedAt: 'CREATED AT',
      Size: 'SIZE',
      Containers: 'CONTAINERS',
      VirtualSize: 'SIZE',
      SharedSize: 'SHARED SIZE',
      UniqueSize: 'UNIQUE SIZE',
    },
    row: ({ image, repository, tag, digest }) => ({
      Containers: () => countOf(image.Containers),
      CreatedAt: () => formatLocalTime(image.Created),
      CreatedSince: () => `${humanDuration(now - image.Created * 1000)} ago`,
      Digest: () => digest,
      ID: () => (truncate ? shortId(image.Id) : image.Id),
      Repository: () => repository,
      SharedSize: () => (image.SharedSize === -1 ? 'N/A' : formatSize(image.SharedSize)),
      Size: () => formatSize(image.Size, 3),
      Tag: () => tag,
      UniqueSize: () => (image.SharedSize === -1 ? 'N/A' : formatSize(image.Size - image.SharedSize)),
      VirtualSize: () => formatSize(image.Size),
    }),
  }
}

function countOf(containers: number): string {
  return containers === -1 ? 'N/A' : String(containers)
}
