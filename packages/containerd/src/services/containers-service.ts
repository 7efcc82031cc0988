// SPDX-License-Identifier: Apache-2.0
import { type Container, type ContainerdServices, parseFilters } from '@teu/containerd-api'
import { StackError } from '@teu/errors'
import type { EventPublisher } from '../events/exchange.ts'
import type { GcTrigger } from '../gc/scheduler.ts'
import type { ContainerStore } from '../metadata/containers.ts'
import { admitted } from './admitted.ts'
import { type CallContext, contextOf } from './context.ts'

/** What the containers service stands on. */
export interface ContainersServiceComponents {
  containers: ContainerStore
  events: EventPublisher
  gc: GcTrigger
}

/** The Containers service over its store. */
export function containersService(components: ContainersServiceComponents): ContainerdServices['containers'] {
  const { containers, events, gc } = components
  const find = ({ namespace, signal }: CallContext, filters: readonly string[]) => {
    const filter = parseFilters(filters)
    return admitted(containers.list(namespace, filter), filter, fieldsOf, signal)
  }
  return {
    async get({ id }, options) {
      return { container: containers.get(contextOf(options).namespace, id) }
    },
    async list({ filters }, options) {
      return { containers: await find(contextOf(options), filters) }
    },
    async *listStream({ filters }, options) {
      for (const container of await find(contextOf(options), filters)) yield { container }
    },
    async create({ container }, options) {
      const { namespace } = contextOf(options)
      const created = await containers.create(namespace, required(container))
      const { id, image, runtime } = created
      events.publish(namespace, '/containers/create', 'ContainerCreate', { id, image, runtime })
      return { container: created }
    },
    async update({ container, updateMask }, options) {
      const { namespace } = contextOf(options)
      const updated = await containers.update(namespace, required(container), updateMask ?? [])
      gc.dirty()
      const { id, image, labels, snapshotKey } = updated
      events.publish(namespace, '/containers/update', 'ContainerUpdate', { id, image, labels, snapshotKey })
      return { container: updated }
    },
    async delete({ id }, options) {
      const { namespace } = contextOf(options)
      await containers.delete(namespace, id)
      gc.deleted()
      events.publish(namespace, '/containers/delete', 'ContainerDelete', { id })
      return {}
    },
  }
}

function required(container: Container | undefined): Container {
  if (container === undefined) throw new StackError('invalid-argument', 'container is required: invalid argument')
  return container
}

function fieldsOf({ id, image, runtime, snapshotter, snapshotKey, labels }: Container) {
  return { id, image, runtime: { name: runtime?.name ?? '' }, snapshotter, snapshot_key: snapshotKey, labels }
}
