// SPDX-License-Identifier: Apache-2.0
import {
  type ContainerdServices,
  inNamespace,
  nanosecondsOf,
  ociTypeUrls,
  packJson,
  type TaskProcess,
  type TaskProcessInfo,
} from '@teu/containerd-api'
import { parseExactJson, type Spec, type Process as SpecProcess } from '@teu/oci-spec/runtime'
import type { RootfsMount } from '../images/image-service.ts'
import type { FifoPaths } from '../io/fifo-set.ts'
import type { RuntimeChoice } from './runtime-choice.ts'

/** Starting may have to wait for a slow disk; nothing else takes long. Milliseconds. */
const startTimeout = 120_000
const callTimeout = 30_000

/** How a process ended. */
export interface TaskEnd {
  exitStatus: number
  /** Nanoseconds since 1970. */
  exitedAt: bigint
}

/** A container record and task to be made in containerd. */
export interface TaskRequest {
  id: string
  image: string
  labels: Record<string, string>
  spec: Spec
  snapshotter: string
  runtime: RuntimeChoice
}

/**
 * The containers and tasks of one containerd namespace, in the engine's words. Every call has a deadline; failures
 * are containerd's.
 */
export interface TaskClient {
  /** Makes the container record, which the task needs. */
  createContainer(request: TaskRequest): Promise<void>
  deleteContainer(id: string): Promise<void>
  containerSpec(id: string): Promise<Spec>
  /** Makes the task, not yet started; returns its pid. */
  create(id: string, mounts: readonly RootfsMount[], io: FifoPaths, terminal: boolean): Promise<number>
  start(id: string, execId?: string): Promise<number>
  exec(id: string, execId: string, process: SpecProcess, io: FifoPaths): Promise<void>
  kill(id: string, signal: number, options?: { execId?: string; all?: boolean }): Promise<void>
  /** Removes an ended task or exec, and says how it ended. */
  delete(id: string, execId?: string): Promise<TaskEnd>
  get(id: string, execId?: string): Promise<TaskProcess | undefined>
  list(): Promise<TaskProcess[]>
  pids(id: string): Promise<TaskProcessInfo[]>
  resize(id: string, execId: string, height: number, width: number): Promise<void>
  closeStdin(id: string, execId: string): Promise<void>
  pause(id: string): Promise<void>
  resume(id: string): Promise<void>
}

/** A {@link TaskClient} for one namespace. */
export function createTaskClient(containerd: ContainerdServices, namespace: string): TaskClient {
  const options = inNamespace(namespace, { timeoutMs: callTimeout })
  const slow = inNamespace(namespace, { timeoutMs: startTimeout })
  const { containers, tasks } = containerd
  return {
    createContainer: async (request) => {
      const container = containerOf(request)
      await containers.create({ container }, options)
    },
    deleteContainer: async (id) => {
      await containers.delete({ id }, options)
    },
    containerSpec: async (id) => {
      const { container } = await containers.get({ id }, options)
      return parseExactJson(Buffer.from(container?.spec?.value ?? []).toString('utf8')) as Spec
    },
    create: async (id, mounts, io, terminal) => {
      const rootfs = mounts.map((mount) => ({ ...mount, options: [...mount.options] }))
      const rest = { checkpoint: undefined, options: undefined, runtimePath: '' }
      const { pid } = await tasks.create({ containerId: id, rootfs, ...io, terminal, ...rest }, slow)
      return pid
    },
    start: async (id, execId = '') => (await tasks.start({ containerId: id, execId }, slow)).pid,
    exec: async (id, execId, process, io) => {
      const spec = packJson(ociTypeUrls.process, process)
      await tasks.exec({ containerId: id, execId, ...io, terminal: process.terminal ?? false, spec }, slow)
    },
    kill: async (id, signal, { execId = '', all = false } = {}) => {
      await tasks.kill({ containerId: id, execId, signal, all }, options)
    },
    delete: async (id, execId) => {
      const reply =
        execId === undefined
          ? await tasks.delete({ containerId: id }, slow)
          : await tasks.deleteProcess({ containerId: id, execId }, slow)
      return { exitStatus: reply.exitStatus, exitedAt: nanosecondsOf(reply.exitedAt) }
    },
    get: async (id, execId = '') => (await tasks.get({ containerId: id, execId }, options)).process,
    list: async () => (await tasks.list({ filter: '' }, options)).tasks,
    pids: async (id) => (await tasks.listPids({ containerId: id }, options)).processes,
    resize: async (id, execId, height, width) => {
      await tasks.resizePty({ containerId: id, execId, height, width }, options)
    },
    closeStdin: async (id, execId) => {
      await tasks.closeIO({ containerId: id, execId, stdin: true }, options)
    },
    pause: async (id) => {
      await tasks.pause({ containerId: id }, slow)
    },
    resume: async (id) => {
      await tasks.resume({ containerId: id }, options)
    },
  }
}

function containerOf({ id, image, labels, spec, snapshotter, runtime }: TaskRequest) {
  return {
    id,
    image,
    labels,
    runtime: { name: runtime.name, options: runtime.options },
    spec: packJson(ociTypeUrls.spec, spec),
    snapshotter,
    snapshotKey: id,
    createdAt: undefined,
    updatedAt: undefined,
    extensions: {},
    sandbox: '',
  }
}
