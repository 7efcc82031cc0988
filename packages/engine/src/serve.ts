// SPDX-License-Identifier: Apache-2.0
import type http from 'node:http'
import { currentApiVersion } from '@teu/engine-api'
import { messageOf } from '@teu/errors'
import { containerBackend } from './containers/container-backend.ts'
import type { ContainerContext } from './containers/context.ts'
import type { EngineOptions } from './engine-options.ts'
import { execBackend } from './exec/exec-backend.ts'
import type { ExecStore } from './exec/exec-store.ts'
import { canUpgrade, createDispatch, type Dispatch, type FailureObserver, type RequestCheck } from './http/dispatch.ts'
import { expressAdapter } from './http/express-adapter.ts'
import { hostCheck } from './http/host-check.ts'
import { type ListenOptions, listenOn } from './http/listen.ts'
import type { Endpoint } from './http/router.ts'
import { createHttpServer } from './http/server.ts'
import { registryLogin } from './registry/image-registry-client.ts'
import type { ReloadOptions } from './reload.ts'
import { buildCacheRouter } from './routers/build-cache/router.ts'
import { containersRouter } from './routers/containers/router.ts'
import { execRouter } from './routers/exec/router.ts'
import { imagesRouter } from './routers/images/router.ts'
import { networksRouter } from './routers/networks/router.ts'
import { pluginsRouter } from './routers/plugins/router.ts'
import type { SystemBackend } from './routers/system/backend.ts'
import { systemRouter } from './routers/system/router.ts'
import { unsupportedRouter } from './routers/unsupported/router.ts'
import { volumesRouter } from './routers/volumes/router.ts'
import { systemBackend } from './system/system-backend.ts'
import { engineVersion } from './version.ts'

/** A running engine. Disposing it stops serving; containers go on. @public */
export interface Engine extends AsyncDisposable {
  /**
   * Serves the Docker Engine API on `unix://` and `tcp://` addresses, and returns them with the ports that were
   * chosen. Unix sockets get mode 0660, root and the group `teu` where it exists. `permission-denied` for plain TCP
   * beyond loopback, `already-exists` for a socket that another daemon answers on.
   */
  listen(...hosts: string[]): Promise<string[]>
  /**
   * Takes over options that can change while containers run, and returns the names of those that have. It is told as
   * the event `reload`. `invalid-argument` for a runtime that does not exist; then nothing has changed.
   */
  reload(options: ReloadOptions): string[]
}

/** The acts of an engine beside serving. */
export interface EngineWork {
  reload: Engine['reload']
  /** Ends everything behind the engine. */
  stop(): Promise<void>
}

/** Makes the engine that answers requests over a context. */
export function serve(
  context: ContainerContext,
  execs: ExecStore,
  options: EngineOptions,
  { reload, stop }: EngineWork,
): Engine {
  const { log } = context
  const endpoints = endpointsOf(context, execs, options)
  const headers = {
    server: `Docker/${engineVersion} (linux)`,
    'api-version': currentApiVersion,
    ostype: 'linux',
    'docker-experimental': 'false',
  }
  const listenerOf = (check?: RequestCheck) => expressAdapter(dispatchOf(context, endpoints, check), headers)
  // Only unix sockets are out of reach for web pages.
  const listeners = { unix: listenerOf(), tcp: listenerOf(hostCheck(options.tcpNames ?? [])) }
  const mayUpgrade = (method: string, target: string) => canUpgrade(endpoints, method, target)
  const servers: http.Server[] = []
  const listenOptions: ListenOptions = {
    group: options.group,
    tcpInsecure: options.tcpInsecure,
    warn: (message) => log.warn(message),
  }
  return {
    reload,
    listen: async (...hosts) => {
      const addresses: string[] = []
      for (const host of hosts) {
        const server = createHttpServer(listeners[host.startsWith('unix:') ? 'unix' : 'tcp'], mayUpgrade)
        addresses.push(await listenOn(server, host, listenOptions))
        servers.push(server)
      }
      return addresses
    },
    [Symbol.asyncDispose]: async () => {
      const closed = servers.map((server) => new Promise((resolve) => server.close(resolve)))
      for (const server of servers) server.closeAllConnections()
      await stop()
      await Promise.all(closed)
    },
  }
}

function endpointsOf(context: ContainerContext, execs: ExecStore, options: EngineOptions): Endpoint[] {
  return [
    ...systemRouter(systemOf(context, options)),
    ...containersRouter(containerBackend(context)),
    ...execRouter(execBackend(context, execs)),
    ...imagesRouter(context.images),
    ...networksRouter(context.network),
    ...volumesRouter(context.volumes),
    ...pluginsRouter(),
    ...buildCacheRouter(),
    ...unsupportedRouter({
      requireContainer: (reference) => void context.containers.find(reference),
      requireNetwork: async (reference) => void (await context.network.inspect(reference)),
    }),
  ]
}

function dispatchOf({ log }: ContainerContext, endpoints: readonly Endpoint[], check?: RequestCheck): Dispatch {
  const onFailure: FailureObserver = ({ method, target }, status, error) => {
    const fields = { method, target: target.split('?', 1)[0], status, error: messageOf(error) }
    if (status >= 500) log.error('request failed', fields)
    else log.debug('request refused', fields)
  }
  return createDispatch(endpoints, onFailure, check)
}

function systemOf(context: ContainerContext, { containerd, registryAccess = {} }: EngineOptions): SystemBackend {
  return systemBackend(context, containerd, registryLogin(registryAccess), registryAccess)
}
