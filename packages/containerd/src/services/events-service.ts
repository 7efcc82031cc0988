// SPDX-License-Identifier: Apache-2.0
import type { ContainerdServices, TtrpcEventsDefinition } from '@teu/containerd-api'
import type { Service } from '@teu/ttrpc'
import type { EventExchange } from '../events/exchange.ts'
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

/** Where shims deliver their events, over ttrpc. */
export function ttrpcEventsService(exchange: EventExchange): Service<TtrpcEventsDefinition> {
  return {
    async forward({ envelope }) {
      exchange.forward(envelope)
      return {}
    },
  }
}
