// SPDX-License-Identifier: Apache-2.0
import { isNotFound } from '@teu/errors'
import { applyResources } from './cgroups/container-cgroup.ts'
import { checkContainerId } from './container/container-id.ts'
import { createContainer } from './container/create.ts'
import { deleteContainer } from './container/delete.ts'
import { ReapedChild } from './container/end-process.ts'
import { execInContainer } from './container/exec.ts'
import { killContainer } from './container/kill.ts'
import type { StartedProcess } from './container/options.ts'
import { pauseContainer, requireCgroup, resumeContainer } from './container/pause.ts'
import { startContainer } from './container/start.ts'
import type { ContainerState } from './container/state.ts'
import { type SavedState, StateDirectory } from './container/state-file.ts'
import { cgroupOf, containerState } from './container/status.ts'
import { containerStats, watchEvents } from './events/watch-events.ts'
import { awaitExecution, type ReadyProcess } from './launch/conversation.ts'
import type { Runtime, RuntimeInit } from './runtime.ts'

/** Where the state is kept unless the caller says otherwise: for root, and for others below their own directory. @internal */
export function defaultRoot(): string {
  const directory = process.env.XDG_RUNTIME_DIR
  return process.geteuid?.() !== 0 && directory ? `${directory}/teu-runtime` : '/run/teu-runtime'
}

/**
 * Makes a {@link Runtime} on a state directory. It holds nothing but the directory's name: several may be made of one,
 * in one process or in many, and none needs closing.
 *
 * @public
 */
export function createRuntime(init: RuntimeInit = {}): Runtime {
  const directory = new StateDirectory(init.root ?? defaultRoot())
  const warn = init.warn ?? (() => {})
  const debug = init.debug ?? (() => {})
  const rootless = init.rootless ?? process.geteuid?.() !== 0
  const settings = { warn, debug, cgroupDriver: init.cgroupDriver ?? 'cgroupfs', rootless } as const
  // Channels of inits that wait for start: over them a failure to execute the program still comes back.
  const waiting = new Map<string, () => Promise<void>>()

  const read = (id: string): SavedState => {
    checkContainerId(id)
    return directory.read(id)
  }

  return {
    async create(id, options = {}) {
      const created = await createContainer(directory, id, options, settings)
      created.channel.unref()
      waiting.set(id, () => {
        created.channel.ref()
        return awaitExecution(created.channel, created.steps)
      })
      return startedProcess(created)
    },
    async start(id, options = {}) {
      const saved = read(id)
      debug(`lets init ${saved.init_process_pid} of container ${id} go on`)
      await startContainer(directory, saved, options, warn).catch((error) => {
        if (!directory.has(id)) waiting.delete(id)
        throw error
      })
      const executed = waiting.get(id)
      waiting.delete(id)
      await executed?.()
    },
    async state(id) {
      return containerState(directory, read(id))
    },
    async kill(id, signal, options = {}) {
      await killContainer(read(id), signal, options)
    },
    async delete(id, options = {}) {
      checkContainerId(id)
      waiting.delete(id)
      await deleteContainer(directory, id, options, warn)
    },
    async exec(id, options) {
      return startedProcess(await execInContainer(directory, read(id), options, settings))
    },
    async pause(id, options = {}) {
      await pauseContainer(directory, read(id), options)
    },
    async resume(id, options = {}) {
      await resumeContainer(directory, read(id), options)
    },
    async update(id, resources) {
      await applyResources(requireCgroup(read(id)), resources)
    },
    async ps(id) {
      return cgroupOf(read(id))?.pids() ?? []
    },
    async stats(id) {
      return containerStats(directory, read(id))
    },
    async *events(id, options = {}) {
      yield* watchEvents(directory, read(id), options)
    },
    async list() {
      return listContainers(directory)
    },
  }
}

function startedProcess({ pid, launched }: ReadyProcess): StartedProcess {
  return launched.ownsChild ? new ReapedChild(pid) : { pid }
}

/** Containers that vanish, or are being made, while the list is read are left out. */
async function listContainers(directory: StateDirectory): Promise<ContainerState[]> {
  const states: ContainerState[] = []
  for (const id of directory.ids()) {
    try {
      states.push(containerState(directory, directory.read(id)))
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }
  return states
}
