// SPDX-License-Identifier: Apache-2.0
import { checkFilters, eventTypes, type Filters, matchesLabels } from '@teu/engine-api'
import type { EngineEvent } from './event-bus.ts'

/** Names of filters that `GET /events` takes: the types of events, and what events carry. */
export const eventFilters = [...eventTypes, 'event', 'image', 'label', 'scope', 'type'] as const

/** A test of events. Throws `invalid-argument` for a filter that does not exist. */
export function eventFilter(filters: Filters): (event: EngineEvent) => boolean {
  checkFilters(filters, eventFilters)
  const any = (name: string, test: (value: string) => boolean) => {
    const values = filters[name]
    return values === undefined || values.length === 0 || values.some(test)
  }
  return (event) =>
    any('event', (value) => event.action === value || event.action.startsWith(`${value}:`)) &&
    any('type', (value) => event.type === value) &&
    any('scope', (value) => value === 'local') &&
    any('image', (value) => matchesImage(event, value)) &&
    eventTypes
      .filter((type) => type !== 'image')
      .every((type) => any(type, (value) => event.type === type && matchesActor(event, value))) &&
    matchesLabels(filters['label'], event.attributes)
}

function matchesActor(event: EngineEvent, value: string): boolean {
  const name = event.attributes['name']
  return event.id === value || name === value || (value.length > 0 && event.id.startsWith(value))
}

/** Images are matched with or without their tag, and by the containers made from them. */
function matchesImage(event: EngineEvent, value: string): boolean {
  const named = [event.attributes['image'], event.attributes['name'], event.type === 'image' ? event.id : undefined]
  return named.some((name) => name !== undefined && (name === value || withoutTag(name) === value))
}

function withoutTag(reference: string): string {
  return reference.replace(/@.*$/, '').replace(/:[^/:]*$/, '')
}
