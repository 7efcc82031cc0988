// SPDX-License-Identifier: Apache-2.0
import { type ContainerdServices, type Namespace, parseFilters } from '@teu/containerd-api'
import { StackError } from '@teu/errors'
import type { EventPublisher } from '../events/exchange.ts'
import type { NamespaceStore } from '../metadata/namespaces.ts'
import { admitted } from './admitted.ts'

/** What the namespaces service stands on. */
export interface NamespacesServiceComponents {
  namespaces: NamespaceStore
  events: EventPublisher
}

/** The Namespaces service over its store. It is the one service whose calls are in no namespace. */
export function namespacesService(components: NamespacesServiceComponents): ContainerdServices['namespaces'] {
  const { namespaces, events } = components
  return {
    async get({ name }) {
      return { namespace: namespaces.get(name) }
    },
    async list({ filter: text }, options) {
      const filter = parseFilters(text === '' ? [] : [text])
      const fieldsOf = ({ name, labels }: Namespace) => ({ name, labels })
      return { namespaces: await admitted([namespaces.list()], filter, fieldsOf, options?.signal) }
    },
    async create({ namespace }) {
      const created = await namespaces.create(required(namespace))
      events.publish(created.name, '/namespaces/create', 'NamespaceCreate', created)
      return { namespace: created }
    },
    async update({ namespace, updateMask }) {
      const updated = await namespaces.update(required(namespace), updateMask ?? [])
      events.publish(updated.name, '/namespaces/update', 'NamespaceUpdate', updated)
      return { namespace: updated }
    },
    async delete({ name }) {
      await namespaces.delete(name)
      events.publish(name, '/namespaces/delete', 'NamespaceDelete', { name })
      return {}
    },
  }
}

function required(namespace: Namespace | undefined): Namespace {
  if (namespace === undefined) throw new StackError('invalid-argument', 'namespace is required: invalid argument')
  return namespace
}
