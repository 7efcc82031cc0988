// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path'
import type { Plugin as PluginStatus } from '@teu/containerd-api'
import { grpcStatusOf } from '@teu/containerd-api'
import { messageOf, StackError } from '@teu/errors'
import type { ContainerdConfig } from '../config/config.ts'
import type { Logger } from '../log/logger.ts'
import { orderPlugins } from './graph.ts'
import { type Plugin, type PluginContext, type PluginKey, uriOf } from './plugin.ts'

/** What plugins are started with. */
export interface LoadPluginsInit {
  plugins: readonly Plugin[]
  root: string
  state: string
  config: ContainerdConfig
  log: Logger
}

/** The plugins of a running daemon. */
export interface LoadedPlugins extends AsyncDisposable {
  /** @throws why the plugin does not run */
  get<T>(key: PluginKey<T>): T
  /** What the introspection service tells. */
  statuses(): PluginStatus[]
}

/**
 * Starts plugins in order. One that fails is a status, and so are those that cannot do without it.
 *
 * @throws `failed-precondition` when one that the configuration requires is not there or does not start
 */
export async function loadPlugins(init: LoadPluginsInit): Promise<LoadedPlugins> {
  const { config, log } = init
  const instances = new Map<string, { key: PluginKey<unknown>; value: unknown }>()
  const failures = new Map<string, unknown>()
  const statuses: PluginStatus[] = []
  const missing = config.required_plugins.filter(
    (uri) => config.disabled_plugins.includes(uri) || !init.plugins.some(({ key }) => uriOf(key) === uri),
  )
  if (missing.length > 0)
    throw new StackError('failed-precondition', `required plugin ${missing.join(', ')} is not included`)
  await using started = new AsyncDisposableStack()
  const get = <T>(key: PluginKey<T>): T => {
    const found = instances.get(uriOf(key))
    if (failures.has(uriOf(key))) throw failures.get(uriOf(key))
    if (found === undefined) throw new StackError('unavailable', `plugin ${uriOf(key)} is not running: unavailable`)
    return found.value as T
  }
  for (const plugin of orderPlugins(init.plugins)) {
    const uri = uriOf(plugin.key)
    if (config.disabled_plugins.includes(uri)) continue
    const context: PluginContext = {
      root: join(init.root, uri),
      state: join(init.state, uri),
      settings: config.plugins[uri] ?? {},
      config,
      log,
      get,
      all: <T>(type: string) =>
        new Map(
          [...instances.values()].filter(({ key }) => key.type === type).map(({ key, value }) => [key.id, value as T]),
        ),
    }
    try {
      const value = await plugin.start(context)
      instances.set(uri, { key: plugin.key, value })
      if (isAsyncDisposable(value)) started.use(value)
      statuses.push(statusOf(plugin, context))
    } catch (error) {
      if (config.required_plugins.includes(uri))
        throw new StackError('failed-precondition', `load required plugin ${uri}: ${messageOf(error)}`, {
          cause: error,
        })
      failures.set(uri, error)
      log.warn({ plugin: uri, error: messageOf(error) }, 'plugin did not start')
      const { code, details } = grpcStatusOf(error)
      statuses.push({ ...statusOf(plugin, undefined), initErr: { code, message: details, details: [] } })
    }
  }
  const running = started.move()
  return { get, statuses: () => statuses, [Symbol.asyncDispose]: () => running.disposeAsync() }
}

function statusOf(plugin: Plugin, context: PluginContext | undefined): PluginStatus {
  return {
    type: plugin.key.type,
    id: plugin.key.id,
    requires: [...plugin.requires],
    platforms: [
      { os: 'linux', architecture: process.arch === 'x64' ? 'amd64' : process.arch, variant: '', osVersion: '' },
    ],
    exports: context === undefined ? {} : { ...plugin.exports?.(context) },
    capabilities: [...(plugin.capabilities ?? [])],
    initErr: undefined,
  }
}

function isAsyncDisposable(value: unknown): value is AsyncDisposable {
  return typeof value === 'object' && value !== null && Symbol.asyncDispose in value
}
