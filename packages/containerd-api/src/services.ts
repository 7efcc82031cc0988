// SPDX-License-Identifier: Apache-2.0
import type { Service } from '@teu/ttrpc'
import { ContainersDefinition } from './gen/containerd/services/containers/v1/containers.ts'
import { ContentDefinition } from './gen/containerd/services/content/v1/content.ts'
import { DiffDefinition } from './gen/containerd/services/diff/v1/diff.ts'
import { EventsDefinition } from './gen/containerd/services/events/v1/events.ts'
import { ImagesDefinition } from './gen/containerd/services/images/v1/images.ts'
import { IntrospectionDefinition } from './gen/containerd/services/introspection/v1/introspection.ts'
import { LeasesDefinition } from './gen/containerd/services/leases/v1/leases.ts'
import { NamespacesDefinition } from './gen/containerd/services/namespaces/v1/namespaces.ts'
import { SnapshotsDefinition } from './gen/containerd/services/snapshots/v1/snapshots.ts'
import { TasksDefinition } from './gen/containerd/services/tasks/v1/tasks.ts'
import { VersionDefinition } from './gen/containerd/services/version/v1/version.ts'
import { HealthDefinition } from './gen/grpc/health/v1/health.ts'

/** The definitions of all services of the daemon, as data, by the names of {@link ContainerdServices}. @public */
export const serviceDefinitions = {
  version: VersionDefinition,
  namespaces: NamespacesDefinition,
  content: ContentDefinition,
  images: ImagesDefinition,
  snapshots: SnapshotsDefinition,
  diff: DiffDefinition,
  containers: ContainersDefinition,
  tasks: TasksDefinition,
  events: EventsDefinition,
  leases: LeasesDefinition,
  introspection: IntrospectionDefinition,
  health: HealthDefinition,
} as const

/**
 * A containerd, seen from a caller: one object a service. What `connectContainerd` returns for a socket and what a
 * daemon in the same process offers are the same interface, and behave alike.
 *
 * Every method takes the request and `CallOptions`. The namespace and the lease travel in `options.metadata`, under
 * `containerd-namespace` and `containerd-lease`; a namespaced call without one rejects with `failed-precondition`.
 * Failures are `StackError`s. A stream ends its call when its iterator is returned.
 *
 * @public
 */
export interface ContainerdServices {
  readonly version: Service<typeof VersionDefinition>
  readonly namespaces: Service<typeof NamespacesDefinition>
  readonly content: Service<typeof ContentDefinition>
  readonly images: Service<typeof ImagesDefinition>
  readonly snapshots: Service<typeof SnapshotsDefinition>
  readonly diff: Service<typeof DiffDefinition>
  readonly containers: Service<typeof ContainersDefinition>
  readonly tasks: Service<typeof TasksDefinition>
  readonly events: Service<typeof EventsDefinition>
  readonly leases: Service<typeof LeasesDefinition>
  readonly introspection: Service<typeof IntrospectionDefinition>
  readonly health: Service<typeof HealthDefinition>
}
