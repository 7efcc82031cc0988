// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Client } from '@grpc/grpc-js'
import { type ContainerdServices, serviceDefinitions } from '@teu/containerd-api'
import { removeCgroups } from '../container/cgroups.ts'
import { defaultBusybox } from '../container/root-file-system.ts'
import { makeBase } from './base.ts'
import { emptyNamespace } from './empty-namespace.ts'
import { inProcessWire } from './in-process.ts'
import { callUnknown, dial, type Wire, wireService } from './wire.ts'

/** How a containerd is put under test. @public */
export interface ContainerdContextInit {
  /** Its socket, a path or `unix://` and a path; or its services, when it is in this process. */
  address: string | ContainerdServices
  /** The runtime of the tasks; `io.containerd.runc.v2` by default. */
  runtime?: string
  /** Whether the runtime takes `containerd.runc.v1.Options`: its state then stays in the run's folder. */
  runcOptions?: boolean
  /** The snapshotter to test; `overlayfs` by default. */
  snapshotter?: string
  /** An image in the form of `docker save` or of an OCI layout, as a tar file. */
  imageArchive?: string
  /** A static program that is both `sh` and its tools; `/bin/busybox` by default. */
  busybox?: string
}

/**
 * A containerd, spoken to by gRPC clients that are made of the service definitions alone. Everything is made in
 * namespaces of the run, under a lease that keeps it from collection; {@link ContainerdContext.dispose} empties and
 * deletes them.
 */
export class ContainerdContext {
  readonly runtime: string
  readonly runcOptions: boolean
  readonly snapshotter: string
  readonly imageArchive: string | undefined
  readonly busybox: string
  /** In every name that the run makes; also the name of its namespace. */
  readonly prefix = `conformance-${randomBytes(4).toString('hex')}`
  /** The run's own folder. */
  readonly folder: string
  readonly #client: Client | undefined
  readonly #services: ContainerdServices | undefined
  #count = 0
  #base: Promise<string> | undefined

  private constructor(init: ContainerdContextInit, folder: string) {
    this.runtime = init.runtime ?? 'io.containerd.runc.v2'
    this.runcOptions = init.runcOptions ?? false
    this.snapshotter = init.snapshotter ?? 'overlayfs'
    this.imageArchive = init.imageArchive
    this.busybox = init.busybox ?? defaultBusybox
    this.folder = folder
    if (typeof init.address === 'string') this.#client = dial(init.address)
    else this.#services = init.address
  }

  /** Makes the run's folder, namespace and lease. */
  static async create(init: ContainerdContextInit): Promise<ContainerdContext> {
    const context = new ContainerdContext(init, await mkdtemp(path.join(tmpdir(), 'ctd-')))
    try {
      await context.in(context.prefix).leases.create({ id: context.prefix })
    } catch (error) {
      await context.#end()
      throw error
    }
    return context
  }

  /** A name that nothing else has. */
  name(kind: string): string {
    return `${this.prefix}-${kind}-${this.#count++}`
  }

  /** A committed snapshot that has `sh` and its tools; made when it is first asked for. */
  base(): Promise<string> {
    this.#base ??= makeBase(this)
    return this.#base
  }

  /** Calls with exactly these headers. */
  with(headers: Readonly<Record<string, string>>): Wire {
    const client = this.#client
    if (client === undefined) return inProcessWire(this.#services!, headers)
    const rows = Object.entries(serviceDefinitions).map(([name, definition]) => [
      name,
      wireService(client, definition, headers),
    ])
    return Object.fromEntries(rows) as Wire
  }

  /** Calls in a namespace, under no lease unless one is named. */
  in(namespace: string, lease?: string): Wire {
    return this.with({ 'containerd-namespace': namespace, ...(lease !== undefined && { 'containerd-lease': lease }) })
  }

  /** Calls in the run's namespace, under the run's lease. */
  get calls(): Wire {
    return this.in(this.prefix, this.prefix)
  }

  /** Runs `use` with a namespace of its own, which is emptied and deleted in the end. */
  async withNamespace(use: (calls: Wire, namespace: string) => Promise<void>): Promise<void> {
    const namespace = this.name('ns')
    try {
      await use(this.in(namespace), namespace)
    } finally {
      await emptyNamespace(this.in(namespace), namespace, this.snapshotter)
    }
  }

  /** The error of a call to a method that does not exist. Only over a socket. */
  unknown(path: string) {
    return callUnknown(this.#client!, path)
  }

  /** Removes every namespace of the run with all that is in it, the cgroups and the folder. */
  async dispose(): Promise<void> {
    try {
      const { namespaces } = await this.with({}).namespaces.list()
      for (const { name } of namespaces.filter(({ name }) => name.startsWith(this.prefix)))
        await emptyNamespace(this.in(name), name, this.snapshotter)
    } finally {
      await this.#end()
    }
  }

  async #end(): Promise<void> {
    this.#client?.close()
    await removeCgroups(this.prefix)
    await rm(this.folder, { recursive: true, force: true })
  }
}
