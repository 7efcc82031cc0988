// SPDX-License-Identifier: Apache-2.0
import { unlink } from 'node:fs/promises'
import type { ServerOptions as Http2ServerOptions } from 'node:http2'
import type { Server } from '@grpc/grpc-js'
import { StackError } from '@teu/errors'
import type { CallOptions } from '@teu/ttrpc'
import { maximumMessageSize } from '../limits.ts'
import { type ContainerdServices, serviceDefinitions } from '../services.ts'
import { type FailureReporter, grpcDefinitionOf, grpcHandlersOf } from './handlers.ts'
import { endResetFloods } from './reset-floods.ts'
import { claimSocketPath, protectSocket } from './socket-path.ts'

/**
 * How many streams a client may reset at once, and how many more each second, answered or not. Go's content reader resets
 * a stream for each piece that it has read.
 */
const resetLimit = { streamResetBurst: 100_000, streamResetRate: 20_000 } satisfies Http2ServerOptions

/** How many calls a connection may have open; each takes some 10 kB. A client of many containers waits for each of them. */
const maximumConcurrentCalls = 4096

/** How much may be queued for one connection before further calls on it are refused, in megabytes. */
const maximumConnectionMemory = 256

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
 * what the peer gets, and a `StackError` becomes the status of its class. A connection has at most 4,096 calls open;
 * one that takes thousands of them back before they are answered is closed with a GOAWAY.
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
    'grpc.max_concurrent_streams': maximumConcurrentCalls,
    'grpc-node.max_session_memory': maximumConnectionMemory,
  })
  allowResets(server)
  endResetFloods(server)
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

/** Node closes a connection after a burst of 1,000 resets: grpc-js has no option for that, its HTTP/2 server has. */
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
