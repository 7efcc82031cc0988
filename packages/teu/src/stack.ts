// SPDX-License-Identifier: Apache-2.0
import path from 'node:path'
import { type Containerd, createContainerd } from '@teu/containerd'
import { type ContainerdServices, serviceDefinitions } from '@teu/containerd-api'
import { createEngine, type Engine, type EngineOptions } from '@teu/engine'
import { traced } from '@teu/ttrpc'
import { bundledLayouts, shimProgram } from './package-files.ts'

/** Where an embedded containerd keeps its things. @public */
export interface EmbeddedContainerdInit {
  /** What stays: content, snapshots, metadata. */
  root: string
  /** What is gone after a reboot: bundles, sockets. */
  state: string
  /** Its gRPC socket, served for `ctr` and others. Default `<state>/containerd.sock`. */
  address?: string | undefined
  /** Told of what it does, as one line of text an entry. Silent by default. */
  log?: Parameters<typeof createContainerd>[0]['log']
}

/**
 * A containerd in this process that starts our shim, serves its socket, and tells `teu:span` how long its calls take.
 *
 * @public
 */
export async function embedContainerd(init: EmbeddedContainerdInit): Promise<Containerd> {
  const { root, state, address, log } = init
  const shimPaths = { 'io.containerd.teu.v1': shimProgram() }
  const containerd = await createContainerd({ root, state, address, shimPaths, log })
  try {
    await containerd.listen()
  } catch (error) {
    await containerd[Symbol.asyncDispose]()
    throw error
  }
  return { ...containerd, services: tracedServices(containerd.services) }
}

function tracedServices(services: ContainerdServices): ContainerdServices {
  const { events, ...definitions } = serviceDefinitions
  const entries = Object.entries(definitions).map(([name, definition]) => {
    const key = name as keyof typeof definitions
    return [key, traced('containerd', definition as never, services[key] as never)]
  })
  return { ...Object.fromEntries(entries), events: services.events } as ContainerdServices
}

/** How a whole stack is embedded in a program. @public */
export interface StackOptions extends Omit<EngineOptions, 'containerd' | 'dataRoot' | 'execRoot'> {
  /** Everything that stays is below it. */
  dataRoot: string
  /** Everything of this boot is below it; its path should be short, since sockets are in it. */
  execRoot: string
  /** Where the Docker Engine API is served, `unix://` or `tcp://`; nowhere by default. */
  hosts?: readonly string[]
}

/** An embedded stack. Disposing it stops serving; its containers go on. @public */
export interface Stack extends AsyncDisposable {
  readonly engine: Engine
  readonly containerd: ContainerdServices
  /** The addresses that are served, with the ports that were chosen. */
  readonly hosts: readonly string[]
}

/**
 * The engine and containerd in this process, bound to each other without a socket between. Needs root on Linux.
 *
 * @public
 */
export async function createStack(options: StackOptions): Promise<Stack> {
  const { dataRoot, execRoot, hosts = [], ...engineOptions } = options
  await using resources = new AsyncDisposableStack()
  const containerd = resources.use(
    await embedContainerd({ root: path.join(dataRoot, 'containerd'), state: path.join(execRoot, 'containerd') }),
  )
  const engine = resources.use(
    await createEngine({
      bundledLayouts: bundledLayouts(),
      ...engineOptions,
      dataRoot: path.join(dataRoot, 'engine'),
      execRoot: path.join(execRoot, 'engine'),
      containerd: containerd.services,
    }),
  )
  const served = await engine.listen(...hosts)
  const owned = resources.move()
  return {
    engine,
    containerd: containerd.services,
    hosts: served,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}
