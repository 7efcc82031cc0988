// SPDX-License-Identifier: Apache-2.0
import type { AppArmor } from '../app-armor/app-armor.ts'
import type { EventBus } from '../events/event-bus.ts'
import type { ImageService } from '../images/image-service.ts'
import type { Log } from '../log.ts'
import type { NetworkService } from '../network/network-service.ts'
import type { EngineSettings } from '../settings.ts'
import type { HostFacts } from '../spec/host-facts.ts'
import type { ResolvedUser } from '../spec/user.ts'
import type { TaskClient } from '../tasks/task-client.ts'
import type { VolumeService } from '../volumes/volume-service.ts'
import type { Container } from './container.ts'
import type { ContainerList } from './container-list.ts'
import type { ContainerStore, Durability } from './container-store.ts'

/** What everything that is done to containers needs. */
export interface ContainerContext {
  readonly settings: EngineSettings
  readonly host: HostFacts
  readonly appArmor: AppArmor
  readonly log: Log
  readonly events: EventBus
  readonly images: ImageService
  readonly network: NetworkService
  readonly volumes: VolumeService
  readonly tasks: TaskClient
  readonly store: ContainerStore
  readonly containers: ContainerList
  /** Users as looked up in images, which never change under their chain id. */
  readonly users: Map<string, ResolvedUser>
  /** Aborted when the engine stops: nothing new is started from then on. */
  readonly stopping: AbortSignal
}

/** Writes a container's record: `durable` for what a reply is about to promise. */
export function saveContainer(context: ContainerContext, container: Container, durability: Durability): void {
  context.store.save(container.record, durability)
}

/** Publishes an event of a container, with its image, name and labels, as all of them carry. */
export function publishContainerEvent(
  context: Pick<ContainerContext, 'events'>,
  container: Container,
  action: string,
  attributes: Readonly<Record<string, string>> = {},
): void {
  const { config, name } = container.record
  context.events.publish('container', action, container.id, {
    ...config.Labels,
    image: config.Image ?? '',
    name,
    ...attributes,
  })
}
