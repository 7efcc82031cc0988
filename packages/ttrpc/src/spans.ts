// SPDX-License-Identifier: Apache-2.0

import { channel } from 'node:diagnostics_channel'
import { appendFileSync } from 'node:fs'
import type { CallOptions, Service, ServiceDefinition } from './service.ts'

/** One call across a seam, as the layer that answered it saw it. @public */
export interface Span {
  /** The layer that did the work: `engine`, `containerd`, `shim`, `runtime`. */
  layer: string
  /** What was asked for. */
  name: string
  /** Milliseconds since the epoch, with fractions. */
  start: number
  /** Milliseconds. */
  duration: number
}

/** Where every layer publishes a {@link Span} when anybody listens: `node:diagnostics_channel`, `teu:span`. @public */
export const spanChannel = channel('teu:span')

/** Does `work` and publishes how long it took; costs nothing when nobody listens. @public */
export async function span<T>(layer: string, name: string, work: () => Promise<T>): Promise<T> {
  if (!spanChannel.hasSubscribers) return work()
  const begin = performance.now()
  try {
    return await work()
  } finally {
    const message: Span = { layer, name, start: performance.timeOrigin + begin, duration: performance.now() - begin }
    spanChannel.publish(message)
  }
}

/** The same service, whose unary calls are published as spans of `layer`. Streams pass through. @public */
export function traced<D extends ServiceDefinition>(layer: string, definition: D, service: Service<D>): Service<D> {
  const methods = Object.entries(definition.methods).map(([key, { name, requestStream, responseStream }]) => {
    const method = service[key as keyof Service<D>] as (request: unknown, options?: CallOptions) => Promise<unknown>
    if (requestStream || responseStream) return [key, method.bind(service)]
    const label = `${definition.name}.${name}`
    return [
      key,
      (request: unknown, options?: CallOptions) => span(layer, label, () => method.call(service, request, options)),
    ]
  })
  return Object.fromEntries(methods) as Service<D>
}

/**
 * Appends every span of this process to a file, one JSON object a line, until it is disposed. Several processes may
 * write to one file.
 *
 * @public
 */
export function recordSpans(file: string): Disposable {
  const write = (message: unknown) => appendFileSync(file, `${JSON.stringify(message)}\n`)
  spanChannel.subscribe(write)
  return { [Symbol.dispose]: () => void spanChannel.unsubscribe(write) }
}
