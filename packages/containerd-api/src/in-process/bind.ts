// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import type { CallOptions, MessageCodec, MethodDefinition } from '@teu/ttrpc'
import { cancelled, sentMetadata, tooLarge } from '../call-context.ts'
import { errorFromGrpcStatus, grpcStatusOf } from '../errors.ts'
import { maximumMessageSize } from '../limits.ts'
import { type ContainerdServices, serviceDefinitions } from '../services.ts'
import { messageSizeBound } from './message-size.ts'

type Method = (request: unknown, options: CallOptions) => unknown

/** A stream of answers, or why there is none. */
type Begun = { stream: AsyncIterable<unknown> } | { error: unknown }

/**
 * Services for a caller in the same process, which behave as they do behind a socket, without one and without bytes:
 * a signal or a deadline ends a call at once, whatever the implementation does about it; it is the implementation's
 * signal that aborts, also when a stream is left. Messages are limited to 16 MiB (`resource-exhausted`), the keys of
 * metadata are in lower case, and failures are `StackError`s of the class that a peer would see.
 *
 * @public
 */
export function bindContainerd(services: ContainerdServices): ContainerdServices {
  const bound = Object.entries(serviceDefinitions).map(([name, definition]) => {
    const implementation = services[name as keyof ContainerdServices] as unknown as Record<string, Method>
    const methods = Object.entries(definition.methods).map(([key, method]: [string, MethodDefinition]) => {
      const run: Method = (request, options) => implementation[key]!(request, options)
      return [key, method.responseStream ? streamMethod(method, run) : unaryMethod(method, run)]
    })
    return [name, Object.fromEntries(methods)]
  })
  return Object.fromEntries(bound) as ContainerdServices
}

function unaryMethod(method: MethodDefinition, run: Method): Method {
  return async (request, options = {}) => {
    const call = new InProcessCall(options)
    try {
      const answer = await call.race(
        call.begin(async () => {
          checkSize(request, method.requestType)
          return run(request, call.options)
        }),
      )
      checkSize(answer, method.responseType)
      return answer
    } catch (error) {
      throw call.failure(error)
    } finally {
      call.end()
    }
  }
}

function streamMethod(method: MethodDefinition, run: Method): Method {
  return (request, options = {}) => {
    const call = new InProcessCall(options)
    // Begun at once and not with the first read: a subscription must not miss what comes in between.
    const begin = (): Begun => {
      try {
        return { stream: call.begin(() => run(sentBy(method, call, request), call.options) as AsyncIterable<unknown>) }
      } catch (error) {
        return { error }
      }
    }
    return answers(method, call, begin())
  }
}

async function* answers(
  { responseType }: MethodDefinition,
  call: InProcessCall,
  begun: Begun,
): AsyncGenerator<unknown, void, undefined> {
  let iterator: AsyncIterator<unknown> | undefined
  let [finished, waiting] = [false, false]
  try {
    if ('error' in begun) throw begun.error
    iterator = begun.stream[Symbol.asyncIterator]()
    for (;;) {
      waiting = true
      const next = await call.race(iterator.next())
      waiting = false
      finished = next.done ?? false
      if (finished) return
      checkSize(next.value, responseType)
      yield next.value
    }
  } catch (error) {
    throw call.failure(error)
  } finally {
    call.end()
    if (!finished) call.leave()
    const returned = iterator?.return?.()?.catch(() => {})
    // Not waited for in the middle of something, which may not look at its signal.
    if (!waiting) await returned
  }
}

/** The request of a call, or its requests, which end with the call whatever their source is waiting for. */
function sentBy(method: MethodDefinition, call: InProcessCall, request: unknown): unknown {
  if (method.requestStream) return requestsOf(request as AsyncIterable<unknown>, method.requestType, call)
  checkSize(request, method.requestType)
  return request
}

async function* requestsOf(
  messages: AsyncIterable<unknown>,
  codec: MessageCodec<unknown>,
  call: InProcessCall,
): AsyncGenerator<unknown> {
  const iterator = messages[Symbol.asyncIterator]()
  try {
    for (;;) {
      const next = await call.race(iterator.next())
      if (next.done) return
      checkSize(next.value, codec)
      yield next.value
    }
  } finally {
    iterator.return?.()?.catch(() => {})
  }
}

function checkSize(message: unknown, codec: MessageCodec<unknown>): void {
  if (messageSizeBound(message, maximumMessageSize) <= maximumMessageSize) return
  const size = codec.encode(message).finish().length
  if (size > maximumMessageSize) throw tooLarge(size, maximumMessageSize)
}

/** One call: what its caller and its deadline say, for an implementation that may not listen. */
class InProcessCall {
  readonly #abort = new AbortController()
  readonly #caller: AbortSignal | undefined
  readonly #timer: NodeJS.Timeout | undefined
  readonly #over = Promise.withResolvers<never>()
  readonly #metadata: CallOptions['metadata']
  #problem: StackError | undefined

  constructor({ signal, timeoutMs, metadata }: CallOptions) {
    this.#over.promise.catch(() => {})
    this.#metadata = metadata
    this.#caller = signal
    signal?.addEventListener('abort', this.#cancel, { once: true })
    if (timeoutMs !== undefined)
      this.#timer = setTimeout(() => this.#stop(late()), Math.min(Math.max(timeoutMs, 0), 2 ** 31 - 1))
    if (signal?.aborted) this.#cancel()
  }

  /** The options that the implementation gets. @throws `invalid-argument` for metadata that cannot be sent */
  get options(): CallOptions {
    return { signal: this.#abort.signal, metadata: sentMetadata(this.#metadata) }
  }

  /** Starts it, unless the call is over already. */
  begin<T>(start: () => T): T {
    if (this.#problem !== undefined) throw this.#problem
    return start()
  }

  /** `work`, unless the call is over before it. */
  race<T>(work: Promise<T>): Promise<T> {
    work.catch(() => {})
    return Promise.race([this.#over.promise, work])
  }

  /** A failure as a peer would see it. */
  failure(error: unknown): StackError {
    return this.#problem ?? errorFromGrpcStatus(grpcStatusOf(error), error)
  }

  /** The call has ended, whichever way. */
  end(): void {
    clearTimeout(this.#timer)
    this.#caller?.removeEventListener('abort', this.#cancel)
  }

  /** The caller of a stream wants no more of it. */
  leave(): void {
    this.#stop(new StackError('cancelled', 'context canceled'))
  }

  readonly #cancel = () => this.#stop(cancelled(this.#caller!))

  #stop(problem: StackError): void {
    this.#problem ??= problem
    this.#over.reject(problem)
    this.#abort.abort(problem)
  }
}

function late(): StackError {
  return new StackError('deadline-exceeded', 'context deadline exceeded')
}
