// SPDX-License-Identifier: Apache-2.0
import type { Authenticator } from '../auth/authenticator.ts'
import { tokenPath } from '../auth/token-endpoint.ts'
import type { Exchange } from '../exchange.ts'
import { Failure } from '../failure.ts'
import type { RateLimiter } from '../limits/rate-limiter.ts'
import type { RegistryMetrics } from '../metrics/registry-metrics.ts'
import type { Annex } from './front.ts'
import { type Health, healthPath } from './health.ts'

/** Where Prometheus looks. @internal */
export const metricsPath = '/metrics'

/** Collaborators of {@link annexesOf}. @internal */
export interface AnnexComponents {
  auth: Authenticator | undefined
  limiter: RateLimiter
  health: Health
  /** Absent when they are not served. */
  metrics: RegistryMetrics | undefined
  /** The page for people; absent when it is not served. */
  site: { owns(pathname: string): boolean; serve(pathname: string, exchange: Exchange): Promise<void> } | undefined
}

/** What answers paths outside of the protocol. @internal */
export function annexesOf({
  auth,
  limiter,
  health,
  metrics,
  site,
}: AnnexComponents): (pathname: string) => Annex | undefined {
  const admitted = async (exchange: Exchange) => {
    await counted(auth?.admitToPages(exchange), () => limiter.admit(undefined, exchange))
  }
  const fixed = new Map<string, Annex>([[healthPath, { kind: 'health', serve: (exchange) => health.serve(exchange) }]])
  const tokens = auth?.tokens
  if (tokens !== undefined) {
    fixed.set(tokenPath, {
      kind: 'token',
      serve(exchange) {
        limiter.admit(undefined, exchange)
        return tokens.serve(exchange)
      },
    })
  }
  if (metrics !== undefined) {
    fixed.set(metricsPath, {
      kind: 'metrics',
      async serve(exchange) {
        await admitted(exchange)
        answerMetrics(metrics, exchange)
      },
    })
  }
  const pageAt = (pathname: string): Annex => ({
    kind: 'page',
    async serve(exchange) {
      await admitted(exchange)
      await site?.serve(pathname, exchange)
    },
  })
  return (pathname) => fixed.get(pathname) ?? (site?.owns(pathname) ? pageAt(pathname) : undefined)
}

/** Runs a check and counts whoever is checked; who is refused counts as well, otherwise guessing would be free. @internal */
export async function counted(check: Promise<void> | undefined, count: () => void): Promise<void> {
  let refusal: unknown
  try {
    await check
  } catch (error) {
    refusal = error
  }
  count()
  if (refusal !== undefined) throw refusal
}

/** Answers with metrics in Prometheus' text format. @internal */
export function answerMetrics(metrics: RegistryMetrics, exchange: Exchange): void {
  if (exchange.method !== 'GET' && exchange.method !== 'HEAD') {
    throw new Failure('UNSUPPORTED', undefined, { headers: { allow: 'GET' } })
  }
  exchange.answer(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }, metrics.text())
}
