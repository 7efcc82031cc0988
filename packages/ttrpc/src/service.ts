// SPDX-License-Identifier: Apache-2.0

/** How one message type crosses a wire; the shape that generated protobuf modules have. @public */
export interface MessageCodec<T> {
  encode(message: T): { finish(): Uint8Array }
  decode(bytes: Uint8Array): T
}

/** One method of a service, as data: the same row drives a ttrpc peer, a gRPC peer and an in-process call. @public */
export interface MethodDefinition<Request = unknown, Response = unknown> {
  readonly name: string
  readonly requestType: MessageCodec<Request>
  readonly requestStream: boolean
  readonly responseType: MessageCodec<Response>
  readonly responseStream: boolean
  readonly options: unknown
}

/** A service as data: its full protobuf name and its methods, keyed by their camel-case names. @public */
export interface ServiceDefinition {
  readonly name: string
  readonly fullName: string
  // biome-ignore lint/suspicious/noExplicitAny: a codec is invariant in its message, so only `any` admits them all
  readonly methods: { readonly [key: string]: MethodDefinition<any, any> }
}

/** What every call carries beside its request. All of it is optional. @public */
export interface CallOptions {
  /** Aborting it cancels the call; the promise rejects with code `cancelled`. */
  signal?: AbortSignal | undefined
  /** How long the whole call may take, in milliseconds; then it rejects with `deadline-exceeded`. */
  timeoutMs?: number | undefined
  /** Request metadata, as gRPC headers or ttrpc key/value pairs. Keys are lower case. */
  metadata?: Readonly<Record<string, string>> | undefined
}

type Input<M> = M extends { requestType: MessageCodec<infer Q>; requestStream: infer S }
  ? S extends true
    ? AsyncIterable<Q>
    : Q
  : never

type Output<M> = M extends { responseType: MessageCodec<infer R>; responseStream: infer S }
  ? S extends true
    ? AsyncIterable<R>
    : Promise<R>
  : never

/**
 * The interface of a service, derived from its definition. A client proxy, a server's implementation and an
 * in-process object all satisfy the same one, so a caller cannot tell which it holds.
 *
 * @public
 */
export type Service<D extends ServiceDefinition> = {
  [K in keyof D['methods']]: (request: Input<D['methods'][K]>, options?: CallOptions) => Output<D['methods'][K]>
}
