// SPDX-License-Identifier: Apache-2.0
import type { MessageCodec } from '@teu/ttrpc'
import { type NamedCodec, packAny } from '../any.ts'
import * as events from '../gen/containerd/events/task.ts'
import type { Any } from '../gen/google/protobuf/any.ts'

/** Every event of a task, by its name: the topic, the name in an `Any`, and the codec. @public */
export const taskEvents = {
  create: row('/tasks/create', 'TaskCreate', events.TaskCreate),
  start: row('/tasks/start', 'TaskStart', events.TaskStart),
  oom: row('/tasks/oom', 'TaskOOM', events.TaskOOM),
  exit: row('/tasks/exit', 'TaskExit', events.TaskExit),
  delete: row('/tasks/delete', 'TaskDelete', events.TaskDelete),
  execAdded: row('/tasks/exec-added', 'TaskExecAdded', events.TaskExecAdded),
  execStarted: row('/tasks/exec-started', 'TaskExecStarted', events.TaskExecStarted),
  paused: row('/tasks/paused', 'TaskPaused', events.TaskPaused),
  resumed: row('/tasks/resumed', 'TaskResumed', events.TaskResumed),
  checkpointed: row('/tasks/checkpointed', 'TaskCheckpointed', events.TaskCheckpointed),
}

/** One row of {@link taskEvents}. @public */
export interface TaskEventType<T> extends NamedCodec<T> {
  readonly topic: string
}

/** An event in the form in which it is published. @public */
export interface TopicEvent {
  readonly topic: string
  readonly event: Any
}

/** A task event with its topic, as in `taskEvent(taskEvents.start, { containerId, pid })`. @public */
export function taskEvent<T>(type: TaskEventType<T>, message: T): TopicEvent {
  return { topic: type.topic, event: packAny(type, message) }
}

function row<T>(topic: string, name: string, messages: MessageCodec<T>): TaskEventType<T> {
  return {
    topic,
    typeUrl: `containerd.events.${name}`,
    encode: (message) => messages.encode(message),
    decode: (bytes) => messages.decode(bytes),
  }
}
