// SPDX-License-Identifier: Apache-2.0

/** What an event is about. @public */
export const eventTypes = [
  'builder',
  'config',
  'container',
  'daemon',
  'image',
  'network',
  'node',
  'plugin',
  'secret',
  'service',
  'volume',
] as const

/** One of {@link eventTypes}. @public */
export type EventType = (typeof eventTypes)[number]

/** One line of `GET /events`. @public */
export interface EventMessage {
  /** Repeats the action; dropped by API 1.52. */
  status?: string
  /** Repeats the actor's id; dropped by API 1.52. */
  id?: string
  /** The image of a container event; dropped by API 1.52. */
  from?: string
  Type: EventType
  Action: string
  Actor: { ID: string; Attributes: Record<string, string> }
  scope: 'local' | 'swarm'
  /** Seconds since 1970. */
  time: number
  /** Nanoseconds since 1970: an exact integer on the wire, which reading keeps as a bigint. */
  timeNano: number | bigint
}
