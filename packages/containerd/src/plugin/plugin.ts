// SPDX-License-Identifier: Apache-2.0
import type { ContainerdConfig } from '../config/config.ts'
import type { Logger } from '../log/logger.ts'

/**
 * Names a plugin, and says what it gives to others.
 *
 * @public
 */
export interface PluginKey<T> {
  /** Such as `io.containerd.snapshotter.v1`. */
  readonly type: string
  /** Unique among its type. */
  readonly id: string
  /** Never there: it carries the type of the instance. */
  readonly instance?: T
}

/** What a plugin finds when it starts. @public */
export interface PluginContext {
  /** Its own folder that stays: `<root>/<type>.<id>`. Made by who needs it. */
  readonly root: string
  /** Its own folder that is gone after a reboot: `<state>/<type>.<id>`. */
  readonly state: string
  /** Its section of the configuration, `plugins."<type>.<id>"`; empty when there is none. */
  readonly settings: Readonly<Record<string, unknown>>
  readonly config: ContainerdConfig
  readonly log: Logger
  /** What another plugin gives. @throws why it could not start, or `unavailable` when it is not there */
  get<T>(key: PluginKey<T>): T
  /** What all running plugins of a type give, by their ids. */
  all<T>(type: string): ReadonlyMap<string, T>
}

/**
 * A part of the daemon. It starts after all plugins of the types that it requires; when it cannot start, the daemon
 * runs without it and the introspection service says why. An instance that is `AsyncDisposable` is disposed of when
 * the daemon stops, in the reverse order.
 *
 * @public
 */
export interface Plugin<T = unknown> {
  readonly key: PluginKey<T>
  /** Types of plugins that come first. */
  readonly requires: readonly string[]
  /** What clients may count on. */
  readonly capabilities?: readonly string[]
  /** Values for clients, such as a snapshotter's `root`. */
  readonly exports?: (context: PluginContext) => Readonly<Record<string, string>>
  start(context: PluginContext): T | Promise<T>
}

/** Types of plugins, as containerd names them. @public */
export const pluginTypes = {
  content: 'io.containerd.content.v1',
  snapshotter: 'io.containerd.snapshotter.v1',
  metadata: 'io.containerd.metadata.v1',
  differ: 'io.containerd.differ.v1',
  event: 'io.containerd.event.v1',
  gc: 'io.containerd.gc.v1',
  service: 'io.containerd.service.v1',
  runtime: 'io.containerd.runtime.v2',
  internal: 'io.containerd.internal.v1',
  grpc: 'io.containerd.grpc.v1',
} as const

/** The full name of a plugin, which its folders and its section of the configuration have. */
export function uriOf({ type, id }: PluginKey<unknown>): string {
  return `${type}.${id}`
}
