// SPDX-License-Identifier: Apache-2.0
import {
  type Any,
  ContainerCreate,
  ContainerDelete,
  ContainerUpdate,
  ContentCreate,
  ContentDelete,
  ImageCreate,
  ImageDelete,
  ImageUpdate,
  NamespaceCreate,
  NamespaceDelete,
  NamespaceUpdate,
  SnapshotCommit,
  SnapshotPrepare,
  SnapshotRemove,
  TaskCheckpointed,
  TaskCreate,
  TaskDelete,
  TaskExecAdded,
  TaskExecStarted,
  TaskExit,
  TaskOOM,
  TaskPaused,
  TaskResumed,
  TaskStart,
  typeNameOf,
} from '@teu/containerd-api'

const imagePackage = 'containerd.services.images.v1'
const eventPackage = 'containerd.events'

/** The messages that events carry, by their short names. */
export interface EventMessages {
  ContainerCreate: ContainerCreate
  ContainerUpdate: ContainerUpdate
  ContainerDelete: ContainerDelete
  ContentCreate: ContentCreate
  ContentDelete: ContentDelete
  ImageCreate: ImageCreate
  ImageUpdate: ImageUpdate
  ImageDelete: ImageDelete
  NamespaceCreate: NamespaceCreate
  NamespaceUpdate: NamespaceUpdate
  NamespaceDelete: NamespaceDelete
  SnapshotPrepare: SnapshotPrepare
  SnapshotCommit: SnapshotCommit
  SnapshotRemove: SnapshotRemove
  TaskCreate: TaskCreate
  TaskStart: TaskStart
  TaskExit: TaskExit
  TaskDelete: TaskDelete
  TaskOOM: TaskOOM
  TaskExecAdded: TaskExecAdded
  TaskExecStarted: TaskExecStarted
  TaskPaused: TaskPaused
  TaskResumed: TaskResumed
  TaskCheckpointed: TaskCheckpointed
}

/** A short name of an event's message. */
export type EventType = keyof EventMessages

/** The message of an event of a type, with any of its fields. */
export type EventFields<T extends EventType> = Partial<EventMessages[T]>

interface EventCodec<M> {
  encode(message: M): { finish(): Uint8Array }
  decode(bytes: Uint8Array): M
  fromPartial(fields: never): M
}

const eventTypes: { readonly [T in EventType]: EventCodec<EventMessages[T]> } = {
  ContainerCreate,
  ContainerUpdate,
  ContainerDelete,
  ContentCreate,
  ContentDelete,
  ImageCreate,
  ImageUpdate,
  ImageDelete,
  NamespaceCreate,
  NamespaceUpdate,
  NamespaceDelete,
  SnapshotPrepare,
  SnapshotCommit,
  SnapshotRemove,
  TaskCreate,
  TaskStart,
  TaskExit,
  TaskDelete,
  TaskOOM,
  TaskExecAdded,
  TaskExecStarted,
  TaskPaused,
  TaskResumed,
  TaskCheckpointed,
}

/** An event's message as it travels. */
export function packEvent<T extends EventType>(type: T, fields: EventFields<T>): Any {
  const codec: EventCodec<EventMessages[T]> = eventTypes[type]
  const prefix = type.startsWith('Image') ? imagePackage : eventPackage
  return { typeUrl: `${prefix}.${type}`, value: codec.encode(codec.fromPartial(fields as never)).finish() }
}

/** The message of an event, or undefined when its type is not known or its bytes do not decode. */
export function unpackEvent(any: Any): Record<string, unknown> | undefined {
  const type = typeNameOf(any).split('.').at(-1) ?? ''
  if (!Object.hasOwn(eventTypes, type)) return undefined
  try {
    return eventTypes[type as EventType].decode(any.value) as unknown as Record<string, unknown>
  } catch {
    return undefined
  }
}
