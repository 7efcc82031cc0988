// SPDX-License-Identifier: Apache-2.0
import { compareApiVersions, currentApiVersion } from '../api-version.ts'
import { type ContainerStreamCalls, containerStreamCalls } from './container-streams.ts'
import { type ContainerCalls, containerCalls } from './containers.ts'
import { type ExecCalls, execCalls } from './exec.ts'
import { type ImageCalls, imageCalls } from './images.ts'
import { type NetworkCalls, networkCalls } from './networks.ts'
import { type SystemCalls, systemCalls } from './system.ts'
import { createTransport, type EngineClientOptions } from './transport.ts'
import { type VolumeCalls, volumeCalls } from './volumes.ts'

/**
 * A client of one engine: ours, or any that speaks the Docker Engine API. Every call rejects with a `StackError`
 * whose code is the reply's class and whose message is `Error response from daemon: …`; `unavailable` or
 * `permission-denied` when no connection can be made; `cancelled` when its signal is aborted.
 *
 * @public
 */
export interface EngineClient
  extends SystemCalls,
    ContainerCalls,
    ContainerStreamCalls,
    ExecCalls,
    ImageCalls,
    NetworkCalls,
    VolumeCalls,
    AsyncDisposable {
  /** As given. */
  readonly host: string
  /** The version that requests are made in: the fixed one, the negotiated one, or the newest before negotiation. */
  readonly apiVersion: string
  /** Closes kept-alive connections; hijacked ones stay their owners'. */
  close(): void
}

/**
 * Makes a client. Nothing is sent before the first call, which then asks the server for its version and speaks the
 * older of the two from there on. Throws `invalid-argument` for a host that cannot be read.
 *
 * @public
 */
export function createEngineClient(options: EngineClientOptions): EngineClient {
  const transport = createTransport(options)
  const system = systemCalls(transport)
  let negotiation: Promise<void> | undefined
  const negotiate = async () => {
    const { apiVersion } = await system.ping()
    transport.apiVersion = compareApiVersions(apiVersion, currentApiVersion) < 0 ? apiVersion : currentApiVersion
    transport.negotiate = undefined
  }
  if (options.apiVersion === undefined) {
    transport.negotiate = () => {
      negotiation ??= negotiate().finally(() => {
        negotiation = undefined
      })
      return negotiation
    }
  }
  return {
    ...system,
    ...containerCalls(transport),
    ...containerStreamCalls(transport),
    ...execCalls(transport),
    ...imageCalls(transport),
    ...networkCalls(transport),
    ...volumeCalls(transport),
    host: options.host,
    get apiVersion() {
      return transport.apiVersion ?? currentApiVersion
    },
    close: () => transport.close(),
    [Symbol.asyncDispose]: async () => transport.close(),
  }
}
