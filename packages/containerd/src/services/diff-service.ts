// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import {
  type ContainerdServices,
  type Descriptor,
  type DiffRequest,
  knownLabels,
  nanosecondsOf,
} from '@teu/containerd-api'
import { isAlreadyExists, StackError } from '@teu/errors'
import { type Digest, mediaTypes, parseDigest } from '@teu/oci-spec/image'
import type { ContentStore } from '../content/content-store.ts'
import type { Compression } from '../diff/decompress.ts'
import { directTarget, upperOver } from '../diff/mount-target.ts'
import { temporaryMount } from '../diff/temporary-mount.ts'
import type { TreeWorkers } from '../diff/tree-workers.ts'
import { type CallContext, contextOf } from './context.ts'

/** What the diff service stands on. */
export interface DiffServiceComponents {
  content: ContentStore
  workers: TreeWorkers
  /** Where trees are mounted that cannot be reached otherwise. */
  mountFolder: string
}

/** How a layer of a media type is packed. */
const compressions: Readonly<Record<string, Compression>> = {
  'application/vnd.oci.image.layer.v1.tar': 'none',
  'application/vnd.oci.image.layer.v1.tar+gzip': 'gzip',
  'application/vnd.oci.image.layer.v1.tar+zstd': 'zstd',
  'application/vnd.docker.image.rootfs.diff.tar': 'none',
  'application/vnd.docker.image.rootfs.diff.tar.gzip': 'gzip',
}

/** The Diff service: layers into trees, and trees into layers. */
export function diffService(components: DiffServiceComponents): ContainerdServices['diff'] {
  const { content, workers, mountFolder } = components
  return {
    async apply({ diff, mounts, syncFs }, options) {
      const { namespace, signal } = contextOf(options)
      const digest = parseDigest(diff?.digest ?? '')
      refuseEncrypted(diff!)
      using _pin = content.pin(digest)
      // Looked up before anything is mounted: this is the likeliest thing to be wrong.
      using source = sourceOf(components, namespace, digest)
      const direct = directTarget(mounts)
      await using mounted = direct === undefined ? await temporaryMount(mountFolder, mounts) : undefined
      const target = direct ?? { root: mounted!.path, whiteouts: 'remove' as const, lowers: [] }
      const applied = await workers.run('apply', { blob: source.bytes, ...target, sync: syncFs }, { signal })
      await source.verified
      const mediaType = mediaTypes.ociLayer
      return { applied: { mediaType, digest: applied.digest, size: BigInt(applied.size), annotations: {} } }
    },
    async diff(request, options) {
      return { diff: await compare(components, request, contextOf(options)) }
    },
  }
}

/**
 * A blob's bytes. One that is being written is taken as it grows, if a worker is left over for everybody else: the
 * answer then waits until the blob is committed, and with it verified.
 *
 * @throws `not-found`
 */
function sourceOf({ content, workers }: DiffServiceComponents, namespace: string, digest: Digest) {
  const growing = content.growing.find(namespace, digest)
  if (growing === undefined || workers.free < 2 || content.records.find(namespace, digest) !== undefined) {
    content.records.get(namespace, digest)
    const bytes = { path: content.layout.blob(digest) }
    return { bytes, verified: undefined, [Symbol.dispose]() {} }
  }
  const file = growing.open()
  const bytes = { fd: file.fd, growth: growing.shared }
  return { bytes, verified: growing.committed, [Symbol.dispose]: () => file[Symbol.dispose]() }
}

async function compare(
  { content, workers, mountFolder }: DiffServiceComponents,
  request: DiffRequest,
  { namespace, lease, signal }: CallContext,
): Promise<Descriptor> {
  const mediaType = request.mediaType || 'application/vnd.oci.image.layer.v1.tar+gzip'
  const compression = Object.hasOwn(compressions, mediaType) ? compressions[mediaType] : undefined
  if (compression === undefined)
    throw new StackError('not-implemented', `unsupported diff media type: ${mediaType}: not implemented`)
  const latestNs = request.sourceDateEpoch === undefined ? undefined : nanosecondsOf(request.sourceDateEpoch)
  const ref = request.ref || `uncompressed-diff-${randomBytes(8).toString('hex')}`
  await using left = await temporaryMount(mountFolder, request.left)
  await using right = await temporaryMount(mountFolder, request.right)
  const upper = upperOver(request.left, request.right)
  let writer = await content.openWriter({ namespace, ref, expected: '', total: 0, lease, signal })
  // A layer is written whole: what an earlier attempt left is of other trees.
  if (writer.status().offset > 0) {
    await writer[Symbol.asyncDispose]()
    await content.abort(namespace, ref)
    writer = await content.openWriter({ namespace, ref, expected: '', total: 0, lease, signal })
  }
  await using _writer = writer
  const input = { left: left.path, right: right.path, upper, compression, latestNs }
  const { diffId } = await workers.run('compare', input, {
    signal,
    onChunk: (chunk) => writer.write(writer.status().offset, chunk),
  })
  const size = BigInt(writer.status().offset)
  const digest = await commitLayer(content, writer, namespace, {
    ...request.labels,
    [knownLabels.uncompressed]: diffId,
  })
  return { mediaType, digest, size, annotations: {} }
}

/** Commits, and adds the labels to the blob when the same layer was there before. */
async function commitLayer(
  content: ContentStore,
  writer: Awaited<ReturnType<ContentStore['openWriter']>>,
  namespace: string,
  labels: Record<string, string>,
): Promise<Digest> {
  const digest = parseDigest(writer.status().digest)
  try {
    return await writer.commit(labels)
  } catch (error) {
    if (!isAlreadyExists(error)) throw error
    const paths = Object.keys(labels).map((name) => `labels.${name}`)
    await content.records.updateLabels(namespace, digest, labels, paths)
    return digest
  }
}

function refuseEncrypted({ mediaType }: Descriptor): void {
  if (!mediaType.endsWith('+encrypted')) return
  throw new StackError('not-implemented', `no processor for media-type: ${mediaType}: not implemented`)
}
