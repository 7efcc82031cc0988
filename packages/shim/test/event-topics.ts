// SPDX-License-Identifier: Apache-2.0
import type { Any, Envelope } from '@teu/shim-api'

/** What one event says of its container. */
export interface ToldEvent {
  containerId: string
  /** The last part of the topic; with an exit, the id of the process, the container's own being `init`. */
  topic: string
}

/** What an event of a task says. */
export function toldEvent({ topic, event }: Envelope): ToldEvent {
  const { containerId, id } = decodeIds(event as Any)
  const name = topic.replace('/tasks/', '')
  return { containerId, topic: name === 'exit' ? `exit ${id === containerId ? 'init' : id}` : name }
}

function decodeIds(event: Any): { containerId: string; id: string } {
  // In every task event the container's id is field 1; in an exit the process is field 2.
  const bytes = Buffer.from(event.value)
  const fields = { containerId: '', id: '' }
  let at = 0
  for (const [tag, name] of [
    [10, 'containerId'],
    [18, 'id'],
  ] as const) {
    if (bytes[at] !== tag) break
    const length = bytes[at + 1] as number
    fields[name] = bytes.subarray(at + 2, at + 2 + length).toString()
    at += 2 + length
  }
  return fields
}
