// SPDX-License-Identifier: Apache-2.0
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { ContainerdServices } from '@teu/containerd-api'
import { defaultConfig, timeoutNames } from './config/config.ts'
import { parseDuration } from './config/duration.ts'
import { ContentLayout } from './content/content-layout.ts'
import { TreeWorkers } from './diff/tree-workers.ts'
import { EventExchange } from './events/exchange.ts'
import { GarbageCollector } from './gc/collector.ts'
import { defaultGcSchedule, GcScheduler } from './gc/scheduler.ts'
import type { Metadata } from './metadata/metadata.ts'
import { openMetadata } from './metadata/open-metadata.ts'
import { quarantined } from './metadata/quarantine.ts'
import { type Plugin, type PluginContext, type PluginKey, pluginTypes } from './plugin/plugin.ts'
import { containersService } from './services/containers-service.ts'
import { contentService } from './services/content-service.ts'
import { diffService } from './services/diff-service.ts'
import { eventsService } from './services/events-service.ts'
import { imagesService } from './services/images-service.ts'
import { leasesService } from './services/leases-service.ts'
import { namespacesService } from './services/namespaces-service.ts'
import { snapshotsService } from './services/snapshots-service.ts'
import { tasksService } from './services/tasks-service.ts'
import { nativeDriver } from './snapshots/native-driver.ts'
import { overlayDriver } from './snapshots/overlay-driver.ts'
import type { SnapshotDriver } from './snapshots/snapshot-driver.ts'
import { bundleRoots } from './tasks/bundle.ts'
import { TaskManager, type TaskManagerInit } from './tasks/task-manager.ts'

const { content, snapshotter, metadata, differ, event, gc, service, runtime, grpc } = pluginTypes

/** The parts that others ask for. */
export const pluginKeys = {
  workers: { type: differ, id: 'walking' } as PluginKey<TreeWorkers>,
  events: { type: event, id: 'exchange' } as PluginKey<EventExchange>,
  content: { type: content, id: 'content' } as PluginKey<ContentLayout>,
  metadata: { type: metadata, id: 'bolt' } as PluginKey<Metadata>,
  gc: { type: gc, id: 'scheduler' } as PluginKey<GcScheduler>,
  tasks: { type: runtime, id: 'task' } as PluginKey<TaskManager & AsyncDisposable>,
} as const

/** The services that are in a namespace, with the name of their plugin. */
type ServiceName = Exclude<keyof ContainerdServices, 'version' | 'health' | 'introspection'>

/** The plugin that holds a service. */
export function serviceKey<N extends ServiceName>(name: N): PluginKey<ContainerdServices[N]> {
  return { type: service, id: `${name}-service` }
}

/** What shims are told, which is not in the configuration. */
export type TaskPluginInit = Omit<TaskManagerInit, 'roots' | 'events' | 'log' | 'timeouts'>

/** Every part of the daemon. The list is what there is: nothing registers itself. */
export function builtinPlugins(taskInit: TaskPluginInit): Plugin[] {
  return [
    plugin(pluginKeys.events, [], ({ log }) => new EventExchange(log)),
    {
      ...plugin(pluginKeys.workers, [], ({ settings }) => new TreeWorkers(Number(settings.workers ?? 2))),
      // Apply takes a blob whose ingest is under way, and answers when that is committed.
      capabilities: ['growing-blobs'],
    },
    plugin(pluginKeys.content, [], startContent),
    snapshotterPlugin('overlayfs', overlayDriver),
    snapshotterPlugin('native', nativeDriver),
    { ...plugin(pluginKeys.metadata, [content, snapshotter, differ], startMetadata), exports: exportsOfMetadata },
    plugin(pluginKeys.gc, [metadata, event], startGc),
    plugin(pluginKeys.tasks, [metadata, event], (context) => startTasks(context, taskInit)),
    ...servicePlugins(),
    ...['introspection', 'containers', 'content', 'diff', 'events', 'healthcheck', 'images', 'leases']
      .concat(['namespaces', 'snapshots', 'tasks', 'version'])
      .map((id) => plugin({ type: grpc, id } as PluginKey<undefined>, [service], () => undefined)),
  ]
}

function plugin<T>(key: PluginKey<T>, requires: readonly string[], start: Plugin<T>['start']): Plugin {
  return { key, requires, start }
}

function servicePlugins(): Plugin[] {
  const of = <N extends ServiceName>(
    name: N,
    make: (parts: {
      store: Metadata
      events: EventExchange
      gc: GcScheduler
      context: PluginContext
    }) => ContainerdServices[N],
    requires: readonly string[] = [],
  ) =>
    plugin(serviceKey(name), [metadata, event, gc, ...requires], (context) => {
      const { get } = context
      return make({ store: get(pluginKeys.metadata), events: get(pluginKeys.events), gc: get(pluginKeys.gc), context })
    })
  return [
    of('containers', ({ store, events, gc }) => containersService({ containers: store.containers, events, gc })),
    of('content', ({ store, events, gc }) => contentService({ content: store.content, events, gc })),
    of('diff', startDiff, [differ]),
    of('images', ({ store, events, gc }) => imagesService({ images: store.images, events, gc })),
    of('leases', ({ store, gc }) => leasesService({ leases: store.leases, gc })),
    of('namespaces', ({ store, events }) => namespacesService({ namespaces: store.namespaces, events })),
    of('snapshots', ({ store, events, gc }) => snapshotsService({ stores: store.snapshots, events, gc })),
    of(
      'tasks',
      ({ store, context }) =>
        tasksService({
          containers: store.containers,
          tasks: context.get(pluginKeys.tasks),
          stateTimeoutMs: timeoutOf(context, 'state'),
        }),
      [runtime],
    ),
    of('events', ({ events }) => eventsService(events)),
  ]
}

async function startContent({ root }: PluginContext): Promise<ContentLayout> {
  const layout = new ContentLayout(root)
  await layout.prepare()
  return layout
}

function snapshotterPlugin(
  id: string,
  make: (init: { root: string; workers: TreeWorkers }) => Promise<SnapshotDriver>,
): Plugin {
  return {
    ...plugin({ type: snapshotter, id } as PluginKey<SnapshotDriver>, [differ], async (context) => {
      const root = rootOf(context)
      await mkdir(root, { recursive: true, mode: 0o700 })
      return make({ root, workers: context.get(pluginKeys.workers) })
    }),
    exports: (context) => ({ root: rootOf(context) }),
  }
}

/** Where a snapshotter keeps its trees: its own folder, unless it is told another. */
function rootOf({ root, settings }: PluginContext): string {
  return typeof settings.root_path === 'string' && settings.root_path !== '' ? settings.root_path : root
}

function startMetadata({ root, settings, get, all, log }: PluginContext): Promise<Metadata> {
  return openMetadata({
    path: join(root, 'meta.db'),
    layout: get(pluginKeys.content),
    drivers: all<SnapshotDriver>(snapshotter),
    workers: get(pluginKeys.workers),
    sharing: settings.content_sharing_policy === 'isolated' ? 'isolated' : 'shared',
    log,
  })
}

/** Tells where things lie that had no record when the daemon started, for somebody to look at. */
function exportsOfMetadata({ get, all }: PluginContext): Record<string, string> {
  const roots = [get(pluginKeys.content), ...all<SnapshotDriver>(snapshotter).values()].map(({ root }) => root)
  const folders = roots.flatMap(quarantined)
  return folders.length === 0 ? {} : { quarantine: folders.join(':') }
}

function startGc({ settings, get, log }: PluginContext): GcScheduler {
  const { database, content, snapshots } = get(pluginKeys.metadata)
  const events = get(pluginKeys.events)
  const number = (name: string, fallback: number) => (typeof settings[name] === 'number' ? settings[name] : fallback)
  const time = (name: string, fallback: number) =>
    typeof settings[name] === 'string' ? parseDuration(settings[name]) : fallback
  const schedule = {
    pauseThreshold: Math.min(0.5, Math.max(0.001, number('pause_threshold', defaultGcSchedule.pauseThreshold))),
    mutationThreshold: number('mutation_threshold', defaultGcSchedule.mutationThreshold),
    scheduleDelayMs: time('schedule_delay', defaultGcSchedule.scheduleDelayMs),
    startupDelayMs: time('startup_delay', defaultGcSchedule.startupDelayMs),
  }
  const collector = new GarbageCollector({ database, content, snapshots, events, log })
  const scheduler = new GcScheduler((signal) => collector.collect(signal), schedule, log)
  scheduler.start()
  return scheduler
}

function timeoutOf({ config }: PluginContext, name: keyof typeof timeoutNames): number {
  const preset = defaultConfig().timeouts[timeoutNames[name]]!
  return parseDuration(config.timeouts[timeoutNames[name]] ?? preset)
}

async function startTasks(context: PluginContext, init: TaskPluginInit) {
  const { config, get, log } = context
  const manager = new TaskManager({
    ...init,
    roots: bundleRoots(config.root, config.state),
    events: get(pluginKeys.events),
    timeouts: {
      loadMs: timeoutOf(context, 'load'),
      shutdownMs: timeoutOf(context, 'shutdown'),
      cleanupMs: timeoutOf(context, 'cleanup'),
    },
    log,
  })
  return Object.assign(manager, { [Symbol.asyncDispose]: () => manager.close() })
}

function startDiff({ store, context }: { store: Metadata; context: PluginContext }): ContainerdServices['diff'] {
  const mountFolder = join(dirname(context.state), 'tmpmounts')
  const service = diffService({ content: store.content, workers: context.get(pluginKeys.workers), mountFolder })
  // Made with the first use: most daemons never mount anything themselves.
  const prepare = () => mkdir(mountFolder, { recursive: true, mode: 0o700 })
  return {
    async apply(request, options) {
      await prepare()
      return service.apply(request, options)
    },
    async diff(request, options) {
      await prepare()
      return service.diff(request, options)
    },
  }
}
