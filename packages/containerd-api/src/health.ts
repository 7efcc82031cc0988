// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises'
import { isUnavailable, StackError } from '@teu/errors'
import type { CallOptions } from '@teu/ttrpc'
import { HealthCheckResponse_ServingStatus } from './gen/grpc/health/v1/health.ts'
import type { ContainerdServices } from './services.ts'

/**
 * Waits until the daemon answers that it is ready.
 *
 * @param options.timeoutMs - how long to wait in all. @defaultValue 10,000
 * @throws `deadline-exceeded` when it is not ready in time, `cancelled` when the signal aborts
 * @public
 */
export async function waitUntilServing(services: ContainerdServices, options: CallOptions = {}): Promise<void> {
  const until = performance.now() + (options.timeoutMs ?? 10_000)
  for (;;) {
    const left = Math.max(1, until - performance.now())
    try {
      const { status } = await services.health.check({ service: '' }, { ...options, timeoutMs: Math.min(left, 2000) })
      if (status === HealthCheckResponse_ServingStatus.SERVING) return
    } catch (error) {
      if (!isUnavailable(error)) throw error
    }
    if (performance.now() >= until) throw new StackError('deadline-exceeded', 'containerd is not ready')
    await sleep(50, undefined, options.signal ? { signal: options.signal } : {})
  }
}
