// SPDX-License-Identifier: Apache-2.0
import type { ContainerdServices, TtrpcEventsDefinition } from '@teu/containerd-api'
import type { Service } from '@teu/ttrpc'
import type { EventExchange } from '../events/exchange.ts'
import { RepeatedExits } from '../events/repeated-exits.ts'
import { contextOf } from './context.ts'

/** The Events service over the exchange. */
export function eventsService(exchange: EventExchange): ContainerdServices['events'] {
  return {
    async publish({ topic, event }, options) {
      exchange.publishAny(contextOf(options).namespace, topic, event)
      return {}
    },
    async forward({ envelope }) {
      exchange.forward(envelope)
      return {}
    },
    subscribe({ filters }, options) {
      return exchange.subscribe(filters, options?.signal)
    },
  }
}

/** Where shims deliver their events, over ttrpc. An exit that is delivered again is taken, and goes no further. */
export function ttrpcEventsService(exchange: EventExchange): Service<TtrpcEventsDefinition> {
  const exits = new RepeatedExits()
  return {
    async forward({ envelope }) {
      if (envelope === undefined || !exits.has(envelope)) exchange.forward(envelope)
      return {}
    },
  }
}
