// SPDX-License-Identifier: Apache-2.0
import { unlink } from 'node:fs/promises'
import type { ServerOptions as Http2ServerOptions } from 'node:http2'
import type { Server } from '@grpc/grpc-js'
import { StackError } from '@teu/errors'
import type { CallOptions } from '@teu/ttrpc'
import { maximumMessageSize } from '../limits.ts'
import { type ContainerdServices, serviceDefinitions } from '../services.ts'
import { type FailureReporter, grpcDefinitionOf, grpcHandlersOf } from './handlers.ts'
import { claimSocketPath, protectSocket } from './socket-path.ts'

/** How many streams a client may reset at once, and how many more each second. */
const resetLimit = { streamResetBurst: 100_000, streamResetRate: 20_000 } satisfies Http2ServerOptions

/** Where to serve, and for whom. @public */
export interface ServeContainerdOptions {
  /** The socket's path, or `unix://` and a path; at most 107 bytes. Its folder is made when it is missing. */
  address: string
  /** The socket's mode. @defaultValue 0o660 */
  mode?: number
  /** The socket's owner. @defaultValue who runs the process */
  uid?: number | undefined
  /** The socket's group. @defaultValue who runs the process */
  gid?: number | undefined
  /** Hears of every call that is answered with an error. */
  onFailure?: FailureReporter
}

/** A listening gRPC server. Disposing it ends every call and removes the socket. @public */
export interface ContainerdServer extends AsyncDisposable {
  /** The socket's path. */
  readonly address: string
}

/**
 * Serves any {@link ContainerdServices} over gRPC. The server adds nothing of its own: what the services answer is
 * what the peer gets, and a `StackError` becomes the status of its class.
 *
 * @throws `already-exists` when a daemon answers at the address already
 * @public
 */
export async function serveContainerd(
  services: ContainerdServices,
  options: ServeContainerdOptions,
): Promise<ContainerdServer> {
  const path = options.address.replace(/^unix:\/\//, '')
  await claimSocketPath(path)
  const { Server, ServerCredentials } = await import('@grpc/grpc-js')
  const server = new Server({
    'grpc.max_receive_message_length': maximumMessageSize,
    'grpc.max_send_message_length': maximumMessageSize,
  })
  allowResets(server)
  const report = options.onFailure ?? (() => {})
  for (const [name, definition] of Object.entries(serviceDefinitions)) {
    const implementation = services[name as keyof ContainerdServices] as unknown as Record<
      string,
      (request: unknown, options: CallOptions) => unknown
    >
    server.addService(grpcDefinitionOf(definition), grpcHandlersOf(definition, implementation, report))
  }
  await bind(server, path, ServerCredentials.createInsecure())
  await protectSocket(path, options.mode ?? 0o660, options.uid, options.gid)
  return {
    address: path,
    async [Symbol.asyncDispose]() {
      server.forceShutdown()
      await unlink(path).catch(() => {})
    },
  }
}

/**
 * Lets a client end its streams early as often as it likes, up to a flood. Go's content reader ends each of its calls
 * so, and Node closes a connection after a burst of 1,000: grpc-js has no option for that, its HTTP/2 server has.
 */
function allowResets(server: Server): void {
  const { commonServerOptions } = server as unknown as { commonServerOptions?: Http2ServerOptions }
  if (commonServerOptions !== undefined) Object.assign(commonServerOptions, resetLimit)
}

function bind(server: Server, path: string, credentials: Parameters<Server['bindAsync']>[1]): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  // Between bind and chmod nobody but the owner may connect.
  const before = process.umask(0o177)
  server.bindAsync(`unix://${path}`, credentials, (error) => {
    process.umask(before)
    if (error === null) resolve()
    else reject(new StackError('unavailable', `listen on ${path}: ${error.message}`, { cause: error }))
  })
  return promise
}
