// SPDX-License-Identifier: Apache-2.0
import type { Envelope, FieldLookup } from '@teu/containerd-api'
import { unpackEvent } from './event-types.ts'

/** How filters look at an event: its `topic`, `namespace`, and `event.FIELD` of its message. */
export function envelopeLookup(envelope: Envelope): FieldLookup {
  let message: Record<string, unknown> | undefined
  return (path) => {
    const [first = '', ...rest] = path
    if (first === 'topic' || first === 'namespace') return envelope[first] || undefined
    if (first !== 'event' || envelope.event === undefined) return undefined
    message ??= unpackEvent(envelope.event) ?? {}
    return fieldOf(message, rest)
  }
}

function fieldOf(message: Record<string, unknown>, path: readonly string[]): string | undefined {
  const [first = '', ...rest] = path
  const name = first.replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
  const value = Object.hasOwn(message, name) ? message[name] : undefined
  if (typeof value === 'object' && value !== null && rest.length > 0) {
    // A map's key may hold dots; a message's field may not, so joining is right for both.
    const joined = rest.join('.')
    if (Object.hasOwn(value, joined)) return textOf((value as Record<string, unknown>)[joined])
    return fieldOf(value as Record<string, unknown>, rest)
  }
  return rest.length > 0 ? undefined : textOf(value)
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value || undefined
  return typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint'
    ? String(value)
    : undefined
}
