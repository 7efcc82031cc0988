// SPDX-License-Identifier: Apache-2.0
import { type Digest, type ParsedManifest, parseManifest } from '@teu/oci-spec/image'

/** What an index keeps of a manifest: it follows from the bytes alone, so it never changes. @internal */
export interface ManifestFacts {
  mediaType: string
  /** The artifact's type; for images that of their configuration. */
  artifactType?: string
  annotations?: Readonly<Record<string, string>>
  /** The manifest that this one is about. It need not exist. */
  subject?: Digest
  /** What it cannot do without: configuration and layers, or the manifests of an index. */
  targets: readonly Digest[]
}

/** Reads a manifest's facts out of it. @internal */
export function factsOf(parsed: ParsedManifest): ManifestFacts {
  const body = parsed.kind === 'index' ? parsed.index : parsed.manifest
  const targets = parsed.kind === 'index' ? parsed.index.manifests : [parsed.manifest.config, ...parsed.manifest.layers]
  const artifactType = body.artifactType || (parsed.kind === 'manifest' ? parsed.manifest.config.mediaType : undefined)
  return {
    mediaType: parsed.mediaType,
    ...(artifactType && { artifactType }),
    ...(body.annotations && { annotations: body.annotations }),
    ...(body.subject && { subject: body.subject.digest }),
    targets: [...new Set(targets.map(({ digest }) => digest))],
  }
}

/** The same from bytes; `undefined` when they are no manifest that is understood here. @internal */
export function readFacts(bytes: Uint8Array): ManifestFacts | undefined {
  try {
    return factsOf(parseManifest(bytes))
  } catch {
    return undefined
  }
}
