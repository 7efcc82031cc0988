// SPDX-License-Identifier: Apache-2.0
import { chmodSync, mkdirSync } from 'node:fs'
import path from 'node:path'
import { messageOf } from '@teu/errors'
import { type AppArmor, appArmor } from './app-armor/app-armor.ts'
import { ContainerList } from './containers/container-list.ts'
import { ContainerStore } from './containers/container-store.ts'
import { type ContainerContext, publishContainerEvent } from './containers/context.ts'
import { containerOf } from './containers/create.ts'
import { finishRun } from './containers/finish-run.ts'
import { reconcileContainers, recoverContainers, reopenContainers } from './containers/reconcile.ts'
import type { EngineOptions } from './engine-options.ts'
import { createEventBus, type EventBus } from './events/event-bus.ts'
import { ExecStore } from './exec/exec-store.ts'
import { reconcileExecs, recoverExecs } from './exec/recover-execs.ts'
import { finishExec } from './exec/start-exec.ts'
import { chooseSnapshotter, unpacksGrowingLayers } from './images/choose-snapshotter.ts'
import { createImageService } from './images/create-image-service.ts'
import type { ImageService } from './images/image-service.ts'
import { silentLog } from './log.ts'
import { logDriver } from './logs/log-drivers.ts'
import { createNetworkService } from './network/create-network-service.ts'
import type { NetworkService } from './network/network-service.ts'
import { reloadSettings, settingDefaults } from './reload.ts'
import { type Engine, serve } from './serve.ts'
import type { EngineSettings } from './settings.ts'
import { detectHost } from './spec/detect-host.ts'
import type { HostFacts } from './spec/host-facts.ts'
import { engineIdIn } from './system/engine-id.ts'
import { detectDefaultRuntime } from './tasks/runtime-choice.ts'
import { createTaskClient } from './tasks/task-client.ts'
import { watchTasks } from './tasks/task-events.ts'
import { localVolumes } from './volumes/local-volumes.ts'

/**
 * Starts an engine: reads its state, brings it to what containerd says, and follows containerd's events. It serves
 * nothing before {@link Engine.listen}. `failed-precondition` when the state is of a newer version, `unavailable`
 * when containerd does not answer.
 *
 * @public
 */
export async function createEngine(given: EngineOptions): Promise<Engine> {
  // Registry clients read this at every call, and a reload changes it: it must not be the caller's own.
  const options = { ...given, registryAccess: { ...given.registryAccess } }
  makeDirectories(options)
  const events = createEventBus()
  const containers = new ContainerList()
  return startEngine(options, {
    events,
    containers,
    host: detectHost(),
    images: await imagesOf(options, containers, events),
    network: networkOf(options, events),
  })
}

/** The larger parts of an engine, which can be exchanged one by one. @internal */
export interface EngineParts {
  readonly events: EventBus
  readonly containers: ContainerList
  readonly host: HostFacts
  readonly images: ImageService
  readonly network: NetworkService
  /** By default what this machine has. */
  readonly appArmor?: AppArmor
}

/** As {@link createEngine}, from given parts. @internal */
export async function startEngine(options: EngineOptions, parts: EngineParts): Promise<Engine> {
  makeDirectories(options)
  const stopping = new AbortController()
  const settings = await settingsOf(options)
  const store = new ContainerStore(path.join(options.dataRoot, 'engine.db'))
  const context = contextOf(options, parts, settings, store, stopping.signal)
  if (context.host.appArmor && !context.appArmor.hasDefault) {
    context.log.warn('AppArmor is enabled, but its default profile cannot be loaded: containers are not confined by it')
  }
  const execs = new ExecStore()
  for (const record of store.load()) context.containers.add(containerOf(context, record))
  reopenContainers(context)
  const { watching } = await follow(context, execs, options, stopping.signal)
  await recoverContainers(context)
  await recoverExecs(context, execs)
  const sweeping = context.volumes.sweep(stopping.signal).catch((error: unknown) => {
    if (!stopping.signal.aborted)
      context.log.error('a removed volume is still on the disk', { error: messageOf(error) })
  })
  const stop = async () => {
    stopping.abort()
    await Promise.all([watching, sweeping])
    for (const container of context.containers) {
      clearTimeout(container.restartTimer)
      container.io?.close()
      container.log.close()
    }
    store[Symbol.dispose]()
  }
  return serve(context, execs, options, { stop, reload: await reloader(context, options) })
}

async function reloader(context: ContainerContext, options: EngineOptions): Promise<Engine['reload']> {
  const { settings, events } = context
  const detectedRuntime =
    options.defaultRuntime === undefined ? settings.defaultRuntime : await detectDefaultRuntime(options.containerd)
  const registryAccess = options.registryAccess ?? {}
  const engineId = engineIdIn(settings.dataRoot)
  return (next) => reloadSettings({ settings, registryAccess, detectedRuntime, events, engineId }, next)
}

function makeDirectories({ dataRoot, execRoot }: EngineOptions): void {
  for (const directory of [dataRoot, execRoot]) {
    mkdirSync(directory, { recursive: true, mode: 0o710 })
    chmodSync(directory, 0o710)
  }
  for (const [directory, mode] of [
    [path.join(dataRoot, 'containers'), 0o710],
    [path.join(dataRoot, 'volumes'), 0o701],
    [path.join(dataRoot, 'tmp'), 0o700],
    [path.join(execRoot, 'containers'), 0o700],
    [path.join(execRoot, 'mounts'), 0o700],
  ] as const) {
    mkdirSync(directory, { recursive: true, mode })
    chmodSync(directory, mode)
  }
}

async function settingsOf(options: EngineOptions): Promise<EngineSettings> {
  const logConfig = { Type: options.logConfig?.Type ?? 'json-file', Config: options.logConfig?.Config ?? {} }
  logDriver(logConfig.Type).validate(logConfig.Config)
  return {
    dataRoot: options.dataRoot,
    execRoot: options.execRoot,
    defaultRuntime: options.defaultRuntime ?? (await detectDefaultRuntime(options.containerd)),
    runtimes: options.runtimes ?? {},
    logConfig,
    defaultShmSize: options.defaultShmSize ?? settingDefaults.defaultShmSize,
    defaultStopTimeout: 10,
    cgroupParent: options.cgroupParent,
    labels: options.labels ?? [],
    debug: options.debug ?? false,
  }
}

function contextOf(
  options: EngineOptions,
  parts: EngineParts,
  settings: EngineSettings,
  store: ContainerStore,
  stopping: AbortSignal,
): ContainerContext {
  const { containers, events } = parts
  return {
    ...parts,
    settings,
    store,
    stopping,
    appArmor: parts.appArmor ?? appArmor(parts.host.appArmor),
    log: options.log ?? silentLog,
    users: new Map(),
    tasks: createTaskClient(options.containerd, options.containerdNamespace ?? 'moby'),
    volumes: localVolumes({
      root: path.join(options.dataRoot, 'volumes'),
      events,
      users: () => [...containers].map(({ record }) => record.mounts.map(({ Name = '' }) => Name)),
    }),
  }
}

function networkOf(options: EngineOptions, events: EventBus): NetworkService {
  return createNetworkService({
    dataRoot: path.join(options.dataRoot, 'network'),
    execRoot: options.execRoot,
    ...(options.bridge === undefined ? {} : { bridgeName: options.bridge }),
    ...(options.bip === undefined ? {} : { bridgeAddress: options.bip }),
    onEvent: ({ action, id, attributes }) => events.publish('network', action, id, attributes),
  })
}

async function imagesOf(options: EngineOptions, containers: ContainerList, events: EventBus): Promise<ImageService> {
  const { containerd, registryAccess, bundledLayouts } = options
  return createImageService({
    containerd,
    namespace: options.containerdNamespace ?? 'moby',
    snapshotter: await chooseSnapshotter(containerd),
    growingLayers: await unpacksGrowingLayers(containerd),
    mountDirectory: path.join(options.execRoot, 'mounts'),
    ...(registryAccess === undefined ? {} : { registryAccess }),
    ...(bundledLayouts === undefined ? {} : { bundledLayouts }),
    users: async () =>
      [...containers].map(({ id, record, hasProcess }) => {
        return { containerId: id, imageId: record.image.id, running: hasProcess }
      }),
    onEvent: ({ action, id, attributes }) => events.publish('image', action, id, attributes),
  })
}

/** Follows the ends of processes. Settles once the stream is open; `watching` settles when it is over for good. */
async function follow(
  context: ContainerContext,
  execs: ExecStore,
  options: EngineOptions,
  signal: AbortSignal,
): Promise<{ watching: Promise<void> }> {
  const opened = Promise.withResolvers<void>()
  let first = true
  const failed = (error: unknown) => {
    context.log.error('an end of a process could not be dealt with', { error: messageOf(error) })
  }
  const watching = watchTasks(
    options.containerd,
    options.containerdNamespace ?? 'moby',
    {
      exited: (containerId, execId, pid, end) => {
        const container = context.containers.byId(containerId)
        if (!container) return
        const exec = execId === '' ? undefined : execs.get(execId)
        if (exec) finishExec(context, container, exec, end).catch(failed)
        else if (execId === '') finishRun(context, container, pid, end).catch(failed)
      },
      outOfMemory: (containerId) => {
        const container = context.containers.byId(containerId)
        if (!container) return
        container.record.state.oomKilled = true
        publishContainerEvent(context, container, 'oom')
      },
      connected: () => {
        opened.resolve()
        // The start of the engine has its own, more thorough way.
        if (!first) {
          reconcileContainers(context).catch(failed)
          reconcileExecs(context, execs).catch(failed)
        }
        first = false
      },
    },
    context.log,
    signal,
  )
  await Promise.race([opened.promise, watching])
  return { watching }
}
