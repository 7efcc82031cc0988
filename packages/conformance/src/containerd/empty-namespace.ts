// SPDX-License-Identifier: Apache-2.0
import { setTimeout as delay } from 'node:timers/promises'
import { collect } from './refused.ts'
import type { Wire } from './wire.ts'

const ignore = () => undefined

/** Ends and removes everything in a namespace, and the namespace. What cannot be removed is named in an error. */
export async function emptyNamespace(calls: Wire, namespace: string, snapshotter: string): Promise<void> {
  for (const { id } of (await calls.tasks.list()).tasks) await endTask(calls, id)
  for (const { id } of (await calls.containers.list()).containers) await calls.containers.delete({ id }).catch(ignore)
  for (const { name } of (await calls.images.list()).images) await calls.images.delete({ name }).catch(ignore)
  for (const { id } of (await calls.leases.list()).leases) await calls.leases.delete({ id }).catch(ignore)
  await removeSnapshots(calls, snapshotter)
  for (const { ref } of (await calls.content.listStatuses()).statuses) await calls.content.abort({ ref }).catch(ignore)
  for (const { info } of await collect(calls.content.list()))
    for (const { digest } of info) await calls.content.delete({ digest }).catch(ignore)
  await deleteNamespace(calls, namespace)
}

async function endTask(calls: Wire, containerId: string): Promise<void> {
  await calls.tasks.resume({ containerId }).catch(ignore)
  await calls.tasks.kill({ containerId, signal: 9, all: true }).catch(ignore)
  await calls.tasks.wait({ containerId }).catch(ignore)
  await calls.tasks.delete({ containerId }).catch(ignore)
}

/** Children go before their parents, so each round takes what has no children. */
async function removeSnapshots(calls: Wire, snapshotter: string): Promise<void> {
  for (let before = -1; ; ) {
    const left = (await collect(calls.snapshots.list({ snapshotter }))).flatMap(({ info }) => info)
    if (left.length === 0 || left.length === before) return
    before = left.length
    for (const { name } of left) await calls.snapshots.remove({ snapshotter, key: name }).catch(ignore)
  }
}

/** A collector may still be at work on what was just let go. */
async function deleteNamespace(calls: Wire, name: string): Promise<void> {
  for (let round = 0; ; round++) {
    try {
      await calls.namespaces.delete({ name })
      return
    } catch (error) {
      const { code } = error as { code?: number }
      if (code === 5) return
      if (round === 20) throw error
      await delay(100)
    }
  }
}
