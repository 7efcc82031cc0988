// SPDX-License-Identifier: Apache-2.0
import { Authenticator } from '../auth/authenticator.ts'
import { visibleCatalog } from '../auth/visible-catalog.ts'
import type { Exchange } from '../exchange.ts'
import { Failure } from '../failure.ts'
import { RateLimiter } from '../limits/rate-limiter.ts'
import { checkLimits, warningsOf } from '../limits/rules.ts'
import { sizeLimits } from '../limits/size-limits.ts'
import { RegistryMetrics } from '../metrics/registry-metrics.ts'
import { PullThrough } from '../proxy/pull-through.ts'
import { Site } from '../web/site.ts'
import { Notifier } from '../webhooks/notifier.ts'
import { annexesOf, counted } from './annexes.ts'
import { callerFrom } from './caller-of.ts'
import { Front, type Serve } from './front.ts'
import { Health } from './health.ts'
import type { ServingInit } from './serving-init.ts'

/** Collaborators of what {@link assemble} makes. @internal */
export interface AssembleComponents {
  /** The registry itself. */
  serve: Serve
  /** Fails when content cannot be reached. */
  probe: () => Promise<unknown>
  /** How much is stored, if that is known without counting. */
  usage: () => StorageUsage | undefined
  /** How many bytes a repository holds, if that is known without counting. */
  heldBy: (repository: string) => number | undefined
  /** Where the registry listens, once it does. */
  address: () => string
  onError: (error: unknown) => void
}

/** How much is stored, each blob counted once. @internal */
export interface StorageUsage {
  blobs: number
  bytes: number
}

/** Everything that stands between the sockets and the registry itself. @internal */
export interface Assembled {
  front: Front
  metrics: RegistryMetrics
  health: Health
  /** Takes another htpasswd file from now on; throws for a wrong one. */
  reload(htpasswd: string): void
  /** Ends what goes on beside requests, within a time. */
  close(graceMs: number): Promise<void>
}

/**
 * Puts the layers together. From the outside in: who is it, how much did they have, what are they told, what do others
 * hear of it, is it too long, is it here. Throws `invalid-argument` for settings that cannot be.
 *
 * @internal
 */
export function assemble(init: ServingInit, components: AssembleComponents): Assembled {
  const { limits = {}, webhooks = [], warnings = [], page = true } = init
  const { onError, usage } = components
  checkLimits(limits)
  const auth = init.auth && new Authenticator(init.auth)
  const limiter = new RateLimiter(limits)
  const health = new Health(components.probe, onError)
  const notifier = new Notifier(webhooks, components)
  const proxy = init.proxy && new PullThrough(init.proxy, { next: components.serve, onError })
  const metrics = new RegistryMetrics()
  metrics.include(...notifier.metrics(), ...(proxy === undefined ? [] : [proxy.requests, proxy.quota]))
  metrics.measure(usage)
  const content: Serve = proxy === undefined ? components.serve : (found, exchange) => proxy.serve(found, exchange)
  const inner = visibleCatalog(notifier.observing(sizeLimits(limits, content)))
  const front = new Front({
    serve: admitting(inner, { auth, limiter, warnings: warningsOf(warnings) }),
    annex: annexesOf({
      ...{ auth, limiter, health },
      metrics: init.metrics ? metrics : undefined,
      // Of a cache it shows what is here: to look is not to fetch.
      site: page ? new Site({ serve: components.serve, usage, heldBy: components.heldBy }) : undefined,
    }),
    callerOf: callerFrom(init.trustedProxies ?? []),
    onRequest(record) {
      metrics.ended(record)
      init.onRequest?.(record)
    },
    onFlight: (change) => metrics.flight(change),
    onError,
  })
  return {
    ...{ front, metrics, health },
    reload: (htpasswd) => auth?.reload(htpasswd),
    async close(graceMs) {
      await Promise.all([notifier.close(graceMs), proxy?.close(), auth?.close()])
    },
  }
}

interface Admission {
  auth: Authenticator | undefined
  limiter: RateLimiter
  warnings: (repository: string) => string[]
}

function admitting(next: Serve, { auth, limiter, warnings }: Admission): Serve {
  return async (found, exchange) => {
    refuseOtherSites(exchange)
    await counted(auth?.admit(found, exchange), () => limiter.admit(found, exchange))
    if ('name' in found) for (const warning of warnings(found.name)) exchange.announce('warning', warning)
    await next(found, exchange)
  }
}

/** A browser that knows a password sends it for any site; only a browser says so, and none of ours writes. */
function refuseOtherSites({ method, header }: Exchange): void {
  if (method !== 'GET' && method !== 'HEAD' && /^(cross-site|same-site)$/.test(header('sec-fetch-site') ?? '')) {
    throw new Failure('DENIED', 'another site asks')
  }
}
