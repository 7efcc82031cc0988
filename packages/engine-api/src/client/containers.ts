// SPDX-License-Identifier: Apache-2.0
import type { ContainerConfig, HostConfig, Resources, RestartPolicy } from '../containers/config.ts'
import { containerRoutes as routes } from '../containers/routes.ts'
import type {
  ContainerCreateResult,
  ContainerInspect,
  ContainerSummary,
  ContainersPruneResult,
  ContainerTopResult,
  ContainerUpdateResult,
  ContainerWaitResult,
  WaitCondition,
} from '../containers/types.ts'
import type { NetworkingConfig } from '../networks/types.ts'
import { encodeFilters, type Filters } from '../query/filters.ts'
import type { CallOptions, Transport } from './transport.ts'

/** @public */
export interface ContainerListOptions extends CallOptions {
  all?: boolean
  /** How many of the newest; 0 or less means no limit. */
  limit?: number
  size?: boolean
  filters?: Filters
}

/** @public */
export interface ContainerCreateOptions extends CallOptions {
  name?: string | undefined
  /** `os/arch[/variant]`. */
  platform?: string | undefined
  config: ContainerConfig
  hostConfig?: HostConfig | undefined
  networkingConfig?: NetworkingConfig | undefined
}

/** `timeout` is in seconds: how long to wait after the signal before SIGKILL; -1 waits for ever. @public */
export interface ContainerStopOptions extends CallOptions {
  stopSignal?: string | undefined
  timeout?: number | undefined
}

/** @public */
export interface ContainerRemoveOptions extends CallOptions {
  force?: boolean
  removeVolumes?: boolean
  removeLinks?: boolean
}

/** A wait that the engine has taken on; `result` settles when the condition is met. @public */
export interface ContainerWait {
  result: Promise<ContainerWaitResult>
}

/** Calls about containers as objects; see `ContainerStreamCalls` for their input and output. @public */
export interface ContainerCalls {
  containerList(options?: ContainerListOptions): Promise<ContainerSummary[]>
  /** Rejects with `not-found` when the image is missing, which is when `run` pulls. */
  containerCreate(options: ContainerCreateOptions): Promise<ContainerCreateResult>
  containerInspect(id: string, options?: CallOptions & { size?: boolean }): Promise<ContainerInspect>
  containerTop(id: string, options?: CallOptions & { psArgs?: string }): Promise<ContainerTopResult>
  /** Already running is no error. */
  containerStart(id: string, options?: CallOptions & { detachKeys?: string }): Promise<void>
  /** Already stopped is no error. */
  containerStop(id: string, options?: ContainerStopOptions): Promise<void>
  containerRestart(id: string, options?: ContainerStopOptions): Promise<void>
  /** `killSignal` is a name or number; SIGKILL by default. */
  containerKill(id: string, options?: CallOptions & { killSignal?: string }): Promise<void>
  containerRename(id: string, name: string, options?: CallOptions): Promise<void>
  containerPause(id: string, options?: CallOptions): Promise<void>
  containerUnpause(id: string, options?: CallOptions): Promise<void>
  containerResize(id: string, size: { height: number; width: number }, options?: CallOptions): Promise<void>
  /** Settles once the engine waits; only then is it safe to start the container. */
  containerWait(id: string, options?: CallOptions & { condition?: WaitCondition }): Promise<ContainerWait>
  containerRemove(id: string, options?: ContainerRemoveOptions): Promise<void>
  containerUpdate(
    id: string,
    update: Resources & { RestartPolicy?: RestartPolicy },
    options?: CallOptions,
  ): Promise<ContainerUpdateResult>
  containersPrune(options?: CallOptions & { filters?: Filters }): Promise<ContainersPruneResult>
}

/** @internal */
export function containerCalls(transport: Transport): ContainerCalls {
  return { ...lifeCycleCalls(transport), ...queryCalls(transport) }
}

type QueryCallNames = 'containerList' | 'containerInspect' | 'containerTop' | 'containersPrune' | 'containerWait'

function queryCalls(transport: Transport): Pick<ContainerCalls, QueryCallNames> {
  return {
    containerList: ({ all, limit, size, filters, signal } = {}) => {
      const query = {
        all: flag(all),
        limit: limit !== undefined && limit > 0 ? String(limit) : undefined,
        size: flag(size),
        filters: encodeFilters(filters),
      }
      return transport.json(routes.list, { query, signal })
    },
    containerInspect: (id, { size, signal } = {}) =>
      transport.json(routes.inspect, { path: { id }, query: { size: flag(size) }, signal }),
    containerTop: (id, { psArgs, signal } = {}) =>
      transport.json(routes.top, { path: { id }, query: { ps_args: psArgs }, signal }),
    containersPrune: ({ filters, signal } = {}) =>
      transport.json(routes.prune, { query: { filters: encodeFilters(filters) }, signal }),
    containerWait: async (id, { condition, signal } = {}) => {
      const response = await transport.call(routes.wait, { path: { id }, query: { condition }, signal })
      const result = response.toArray().then((chunks) => JSON.parse(Buffer.concat(chunks).toString('utf8')))
      // A caller that never looks at the result must not end the program when the engine goes away.
      result.catch(() => {})
      return { result }
    },
  }
}

function lifeCycleCalls(transport: Transport): Omit<ContainerCalls, QueryCallNames> {
  return {
    containerCreate: ({ name, platform, config, hostConfig, networkingConfig, signal }) => {
      const body = { ...config, HostConfig: hostConfig, NetworkingConfig: networkingConfig }
      return transport.json(routes.create, { query: { name, platform }, body, signal })
    },
    containerStart: (id, { detachKeys, signal } = {}) =>
      transport.done(routes.start, { path: { id }, query: { detachKeys }, signal }),
    containerStop: (id, options = {}) => transport.done(routes.stop, stopRequest(id, options)),
    containerRestart: (id, options = {}) => transport.done(routes.restart, stopRequest(id, options)),
    containerKill: (id, { killSignal, signal } = {}) =>
      transport.done(routes.kill, { path: { id }, query: { signal: killSignal }, signal }),
    containerRename: (id, name, { signal } = {}) =>
      transport.done(routes.rename, { path: { id }, query: { name }, signal }),
    containerPause: (id, { signal } = {}) => transport.done(routes.pause, { path: { id }, signal }),
    containerUnpause: (id, { signal } = {}) => transport.done(routes.unpause, { path: { id }, signal }),
    containerResize: (id, { height, width }, { signal } = {}) =>
      transport.done(routes.resize, { path: { id }, query: { h: String(height), w: String(width) }, signal }),
    containerRemove: (id, { force, removeVolumes, removeLinks, signal } = {}) => {
      const query = { force: flag(force), v: flag(removeVolumes), link: flag(removeLinks) }
      return transport.done(routes.remove, { path: { id }, query, signal })
    },
    containerUpdate: (id, update, { signal } = {}) =>
      transport.json(routes.update, { path: { id }, body: update, signal }),
  }
}

function stopRequest(id: string, { stopSignal, timeout, signal }: ContainerStopOptions) {
  return { path: { id }, query: { signal: stopSignal, t: timeout === undefined ? undefined : String(timeout) }, signal }
}

function flag(value: boolean | undefined): string | undefined {
  return value ? '1' : undefined
}
