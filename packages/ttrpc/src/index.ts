// SPDX-License-Identifier: Apache-2.0
/**
 * The ttrpc transport: small remote procedure calls over one byte stream, as containerd and its shims speak them.
 * It serves no seam by itself: `@teu/shim-api` stands on it, and it is useful alone.
 *
 * @example
 * ```ts
 * import { createTtrpcClient, createTtrpcServer, memoryPair, ttrpcClient } from '@teu/ttrpc'
 *
 * const text = {
 *   encode: (message: string) => ({ finish: () => new TextEncoder().encode(message) }),
 *   decode: (bytes: Uint8Array) => new TextDecoder().decode(bytes),
 * }
 * const Greeter = {
 *   name: 'Greeter',
 *   fullName: 'example.Greeter',
 *   methods: {
 *     greet: { name: 'Greet', requestType: text, requestStream: false, responseType: text, responseStream: false, options: {} },
 *   },
 * } as const
 *
 * const [near, far] = memoryPair()
 * const server = createTtrpcServer()
 * server.add(Greeter, { greet: async (name) => `hello ${name}` })
 * server.serve(far)
 *
 * using client = createTtrpcClient(near)
 * console.log(await ttrpcClient(Greeter, client).greet('world', { timeoutMs: 1000 })) // hello world
 * ```
 *
 * @packageDocumentation
 */
export { createTtrpcClient, socketPathOf, type TtrpcClient } from './client.ts'
export { ttrpcClient } from './client-proxy.ts'
export { maximumConcurrentCalls, maximumMessageLength } from './limits.ts'
export { memoryPair } from './memory-pair.ts'
export { createTtrpcServer, type TtrpcServer, type TtrpcServerInit } from './server.ts'
export type { CallOptions, MessageCodec, MethodDefinition, Service, ServiceDefinition } from './service.ts'
export { recordSpans, type Span, span, spanChannel, traced } from './spans.ts'
