// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  bindContainerd,
  type ContainerdServer,
  type ContainerdServices,
  claimSocketPath,
  protectSocket,
  serveContainerd,
  TtrpcEventsDefinition,
} from '@teu/containerd-api'
import { messageOf, StackError } from '@teu/errors'
import { isErrno, lockFile, makeDurableDirectory } from '@teu/linux'
import { createTtrpcServer } from '@teu/ttrpc'
import { builtinPlugins, pluginKeys, serviceKey } from './builtins.ts'
import { checkConfig, idleSettings } from './config/check-config.ts'
import { type ContainerdConfig, defaultConfig } from './config/config.ts'
import { type Logger, silentLogger } from './log/logger.ts'
import { type LoadedPlugins, loadPlugins } from './plugin/load.ts'
import type { Plugin } from './plugin/plugin.ts'
import { ttrpcEventsService } from './services/events-service.ts'
import { healthService, introspectionService, versionService } from './services/server-services.ts'

/** What a daemon is made of. @public */
export interface CreateContainerdOptions {
  /** What stays: content, snapshots, metadata. Made with mode 0700. One daemon at a time may have it. */
  root: string
  /** What is gone after a reboot: bundles of tasks, sockets. Made with mode 0711. */
  state: string
  /** The gRPC socket for {@link Containerd.listen}. @defaultValue `<state>/containerd.sock` */
  address?: string | undefined
  /** Where shims deliver their events; open from the start. @defaultValue the address and `.ttrpc` */
  ttrpcAddress?: string | undefined
  /** Over the defaults; `root`, `state` and the addresses above win. */
  config?: Partial<ContainerdConfig> | undefined
  /** @defaultValue none */
  log?: Logger | undefined
  /** Programs of shims, by the name of the runtime, such as `io.containerd.teu.v1`; others are found in PATH. */
  shimPaths?: Readonly<Record<string, string>> | undefined
  /** The program that publishes events for shims without ttrpc. @defaultValue none */
  publishBinary?: string | undefined
  /** Further plugins, after the built-in ones. */
  plugins?: readonly Plugin[] | undefined
}

/** A running daemon. Disposing it closes its sockets and files; the tasks go on without it. @public */
export interface Containerd extends AsyncDisposable {
  /** The services, without a socket between. */
  readonly services: ContainerdServices
  /** Where {@link listen} listens. */
  readonly address: string
  /**
   * Serves the services over gRPC, with mode 0660.
   *
   * @throws `already-exists` when a daemon answers there already
   */
  listen(): Promise<void>
}

/**
 * Starts a daemon: opens its stores, brings them in line with what it finds, and connects to the shims of tasks that
 * run. Safe after a `kill -9` at any moment.
 *
 * @throws `invalid-argument` for a configuration that says what this daemon cannot do, `failed-precondition` when
 * another daemon has the root, a newer one has written it or a required plugin does not start, `data-loss` when its
 * metadata is damaged
 * @public
 */
export async function createContainerd(options: CreateContainerdOptions): Promise<Containerd> {
  const { root, state, log = silentLogger } = options
  const address = (options.address ?? join(state, 'containerd.sock')).replace(/^unix:\/\//, '')
  const ttrpcAddress = (options.ttrpcAddress ?? `${address}.ttrpc`).replace(/^unix:\/\//, '')
  const config: ContainerdConfig = { ...defaultConfig(), ...options.config, root, state }
  checkConfig(config)
  await using stack = new AsyncDisposableStack()
  await makeFolder(root, 0o700)
  await makeFolder(state, 0o711)
  stack.use(await lockRoot(root))
  const shims = { address, ttrpcAddress, publishBinary: options.publishBinary, shimPaths: options.shimPaths ?? {} }
  const debug = config.debug.level === 'debug' || config.debug.level === 'trace'
  const builtins = builtinPlugins({ ...shims, debug })
  const plugins = await loadPlugins({ plugins: [...builtins, ...(options.plugins ?? [])], root, state, config, log })
  stack.use(plugins)
  const running = new Set(plugins.statuses().map(({ type, id }) => `${type}.${id}`))
  const idle = idleSettings(config, running)
  if (idle.length > 0) log.warn({ plugins: idle }, 'settings of plugins that are not there do nothing')
  const events = plugins.get(pluginKeys.events)
  stack.defer(() => events.close())
  stack.use(await serveEvents(ttrpcAddress, events, config.ttrpc))
  // After the socket for events is there: a shim that comes back has something to say.
  await plugins.get(pluginKeys.tasks).reload()
  const services = servicesOf(plugins, await uuidOf(root))
  const resources = stack.move()
  let server: ContainerdServer | undefined
  return {
    services: bindContainerd(services),
    address,
    async listen() {
      const { uid, gid } = config.grpc
      server ??= await serveContainerd(services, {
        address,
        uid,
        gid,
        onFailure: (path, error) => log.debug({ path, error: messageOf(error) }, 'call failed'),
      })
    },
    async [Symbol.asyncDispose]() {
      await server?.[Symbol.asyncDispose]()
      await resources.disposeAsync()
    },
  }
}

function servicesOf(plugins: LoadedPlugins, uuid: string): ContainerdServices {
  const of = <N extends Parameters<typeof serviceKey>[0]>(name: N) => plugins.get(serviceKey(name))
  return {
    version: versionService(),
    health: healthService(),
    introspection: introspectionService({ uuid, plugins: () => plugins.statuses() }),
    namespaces: of('namespaces'),
    content: of('content'),
    images: of('images'),
    snapshots: of('snapshots'),
    diff: of('diff'),
    containers: of('containers'),
    tasks: of('tasks'),
    events: of('events'),
    leases: of('leases'),
  }
}

async function serveEvents(
  path: string,
  events: Parameters<typeof ttrpcEventsService>[0],
  { uid, gid }: ContainerdConfig['ttrpc'],
): Promise<AsyncDisposable> {
  await claimSocketPath(path)
  const server = createTtrpcServer()
  server.add(TtrpcEventsDefinition, ttrpcEventsService(events))
  await server.listen(path)
  // Root's unless it is given away: a daemon of another user cannot give it to root.
  await protectSocket(path, 0o660, uid || undefined, gid || undefined)
  return server
}

async function lockRoot(root: string): Promise<Disposable> {
  try {
    return await lockFile(join(root, 'lock'), { timeoutMs: 0 })
  } catch (error) {
    if (!isErrno(error, 'ETIMEDOUT')) throw error
    throw new StackError('failed-precondition', `another daemon has ${root}`, { cause: error })
  }
}

/** Made with this mode, or given it: an earlier version may have been more generous. */
async function makeFolder(path: string, mode: number): Promise<void> {
  await makeDurableDirectory(path, mode)
  await chmod(path, mode)
}

async function uuidOf(root: string): Promise<string> {
  const path = join(root, 'uuid')
  const known = await readFile(path, 'utf8').catch(() => '')
  if (known.trim() !== '') return known.trim()
  const uuid = randomUUID()
  await writeFile(path, uuid, { mode: 0o600 })
  return uuid
}
