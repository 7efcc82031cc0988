// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import { knownLabels } from '@teu/containerd-api'
import { isNotFound } from '@teu/errors'
import { callOptions, type ImageContext } from './image-context.ts'

/** How long an abandoned lease keeps what it holds: then a pull that was killed can still be resumed next day. */
const lifetimeMs = 24 * 60 * 60 * 1000
/** How long removing a lease may take when the work under it was cancelled. */
const deleteTimeoutMs = 10_000

/**
 * Runs `work` under a new lease: the garbage collector keeps all that it creates until a name refers to it. The lease
 * is removed in the end, also when the work fails.
 */
export async function withLease<T>(
  context: ImageContext,
  signal: AbortSignal | undefined,
  work: (lease: string) => Promise<T>,
): Promise<T> {
  const { leases } = context.containerd
  const id = `teu-images-${Date.now()}-${randomBytes(4).toString('hex')}`
  const labels = { [knownLabels.gcExpire]: new Date(Date.now() + lifetimeMs).toISOString() }
  await leases.create({ id, labels }, callOptions(context, { signal }))
  try {
    return await work(id)
  } finally {
    // Not under the caller's signal: a cancelled pull must not leave its lease behind.
    const own = callOptions(context, { signal: AbortSignal.timeout(deleteTimeoutMs) })
    await leases.delete({ id, sync: false }, own).catch((error: unknown) => {
      if (!isNotFound(error)) throw error
    })
  }
}

/** Makes a lease keep a blob, whether it exists yet or not. */
export async function holdContent(
  context: ImageContext,
  lease: string,
  digest: string,
  signal?: AbortSignal,
): Promise<void> {
  const resource = { id: digest, type: 'content' }
  await context.containerd.leases.addResource({ id: lease, resource }, callOptions(context, { signal }))
}

/** Makes a lease keep a snapshot, whether it exists yet or not. */
export async function holdSnapshot(
  context: ImageContext,
  lease: string,
  key: string,
  signal?: AbortSignal,
): Promise<void> {
  const resource = { id: key, type: `snapshots/${context.snapshotter}` }
  await context.containerd.leases.addResource({ id: lease, resource }, callOptions(context, { signal }))
}
