// SPDX-License-Identifier: Apache-2.0
import type { TtrpcClient } from './client.ts'
import type { CallOptions, Service, ServiceDefinition } from './service.ts'

/**
 * A service as its callers want it, answered over `client`. It satisfies the same interface as an implementation in
 * this process.
 *
 * @public
 */
export function ttrpcClient<D extends ServiceDefinition>(definition: D, client: TtrpcClient): Service<D> {
  const proxy: Record<string, unknown> = {}
  for (const [key, method] of Object.entries(definition.methods)) {
    proxy[key] = (request: never, options?: CallOptions) => {
      if (!method.requestStream && !method.responseStream) {
        return client.unary(definition.fullName, method, request, options)
      }
      const replies = client.stream(definition.fullName, method, request, options)
      return method.responseStream ? replies : only(replies)
    }
  }
  return proxy as Service<D>
}

async function only<T>(replies: AsyncIterable<T>): Promise<T | undefined> {
  for await (const reply of replies) return reply
  return undefined
}
