// SPDX-License-Identifier: Apache-2.0
import { type ContainerdServices, type Lease, parseFilters } from '@teu/containerd-api'
import type { GcTrigger } from '../gc/scheduler.ts'
import type { LeaseStore } from '../metadata/leases.ts'
import { admitted } from './admitted.ts'
import { contextOf } from './context.ts'

/** What the leases service stands on. */
export interface LeasesServiceComponents {
  leases: LeaseStore
  gc: GcTrigger
}

/** The Leases service over its store. */
export function leasesService({ leases, gc }: LeasesServiceComponents): ContainerdServices['leases'] {
  return {
    async create({ id, labels }, options) {
      return { lease: await leases.create(contextOf(options).namespace, id, labels) }
    },
    async delete({ id, sync }, options) {
      await leases.delete(contextOf(options).namespace, id)
      if (sync) await gc.collect()
      else gc.deleted()
      return {}
    },
    async list({ filters }, options) {
      const { namespace, signal } = contextOf(options)
      const filter = parseFilters(filters)
      const fieldsOf = ({ id, labels }: Lease) => ({ id, labels })
      return { leases: await admitted(leases.list(namespace, filter), filter, fieldsOf, signal) }
    },
    async addResource({ id, resource }, options) {
      await leases.addResource(contextOf(options).namespace, id, resource)
      return {}
    },
    async deleteResource({ id, resource }, options) {
      await leases.deleteResource(contextOf(options).namespace, id, resource)
      gc.dirty()
      return {}
    },
    async listResources({ id }, options) {
      return { resources: leases.resources(contextOf(options).namespace, id) }
    },
  }
}
