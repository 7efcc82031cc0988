// SPDX-License-Identifier: Apache-2.0

import type { Client } from '@grpc/grpc-js'
import type { Service, ServiceDefinition } from '@teu/ttrpc'
import { maximumMessageSize } from '../limits.ts'
import { type ContainerdServices, serviceDefinitions } from '../services.ts'
import { type Channel, callMethod } from './call.ts'

/** Where the daemon is, and how to treat calls to it. @public */
export interface ConnectContainerdOptions {
  /** The daemon's socket: a path, or `unix://` and a path. */
  address: string
  /** Added to the metadata of every call that does not set the same key. */
  metadata?: Readonly<Record<string, string>>
}

const channelOptions = {
  'grpc.max_receive_message_length': maximumMessageSize,
  'grpc.max_send_message_length': maximumMessageSize,
  // A daemon that was restarted is found again in seconds: grpc-js would wait up to two minutes.
  'grpc.initial_reconnect_backoff_ms': 50,
  'grpc.min_reconnect_backoff_ms': 50,
  'grpc.max_reconnect_backoff_ms': 2000,
  'grpc.use_local_subchannel_pool': 1,
}

/**
 * A containerd behind a socket. Nothing is connected before the first call; a connection that breaks is made again
 * by the next call, and the calls that were under way reject with `unavailable`.
 *
 * Messages are limited to 16 MiB. Disposing closes the connection.
 *
 * @public
 */
export function connectContainerd(options: ConnectContainerdOptions): ContainerdServices & AsyncDisposable {
  const address = options.address.includes('://') ? options.address : `unix://${options.address}`
  let client: Client | undefined
  let closed = false
  // grpc-js is loaded by the first call: a program that holds its daemon in process never pays for it.
  const channel: Channel = {
    metadata: options.metadata ?? {},
    async open() {
      const grpc = await import('@grpc/grpc-js')
      if (!closed) client ??= new grpc.Client(address, grpc.credentials.createInsecure(), channelOptions)
      return { grpc, client }
    },
  }
  const services = Object.fromEntries(
    Object.entries(serviceDefinitions).map(([name, definition]) => [name, proxyOf(definition, channel)]),
  ) as unknown as ContainerdServices
  return Object.assign(services, {
    async [Symbol.asyncDispose]() {
      closed = true
      client?.close()
    },
  })
}

function proxyOf<D extends ServiceDefinition>(definition: D, channel: Channel): Service<D> {
  return Object.fromEntries(
    Object.entries(definition.methods).map(([name, method]) => [
      name,
      callMethod(channel, `/${definition.fullName}/${method.name}`, method),
    ]),
  ) as Service<D>
}
