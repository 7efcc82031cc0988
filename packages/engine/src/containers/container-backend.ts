// SPDX-License-Identifier: Apache-2.0
import { checkFilters, decodeTimestamp, type Filters, matchesLabelFilters } from '@teu/engine-api'
import { hasCode, StackError } from '@teu/errors'
import { attachContainer } from '../attach/container-attach.ts'
import { parseTime } from '../clock.ts'
import { formatEntries } from '../logs/format-entries.ts'
import type { ContainerBackend, ContainerLogsRequest } from '../routers/containers/backend.ts'
import type { Container } from './container.ts'
import { canMove } from './container-state.ts'
import { type ContainerContext, publishContainerEvent } from './context.ts'
import { createContainer } from './create.ts'
import { afterFailedStart } from './finish-run.ts'
import { inspectContainer } from './inspect.ts'
import { killContainer } from './kill.ts'
import { listContainers } from './list.ts'
import { pauseContainer, unpauseContainer } from './pause.ts'
import { removeOnRequest } from './remove.ts'
import { renameContainer } from './rename.ts'
import { resizeContainer } from './resize.ts'
import { restartContainer } from './restart.ts'
import { startContainer } from './start.ts'
import { stopContainer } from './stop.ts'
import { topContainer } from './top.ts'
import { waitFor } from './wait.ts'

/** What the routes of containers do. */
export function containerBackend(context: ContainerContext): ContainerBackend {
  const find = (reference: string) => context.containers.find(reference)
  const start = (container: Container) =>
    startContainer(context, container, (failed) => afterFailedStart(context, failed))
  // An unknown reference is a rejection like every other failure, also where there is nothing to wait for.
  return {
    list: (options) => listContainers(context, options),
    create: (body, options) => createContainer(context, body, options),
    inspect: async (reference, options) => inspectContainer(context, find(reference), options),
    top: async (reference, psArgs) => topContainer(context, find(reference), psArgs),
    logs: (reference, request) => readLogs(find(reference), request),
    start: async (reference) => start(find(reference)),
    stop: async (reference, options) => stopContainer(context, find(reference), options),
    restart: async (reference, options) => restartContainer(context, find(reference), options, start),
    kill: async (reference, signal) => killContainer(context, find(reference), signal),
    pause: async (reference) => pauseContainer(context, find(reference)),
    unpause: async (reference) => unpauseContainer(context, find(reference)),
    rename: async (reference, name) => renameContainer(context, find(reference), name),
    resize: async (reference, height, width) => resizeContainer(context, find(reference), height, width),
    attach: (reference, request) => attachContainer(context, find(reference), request),
    wait: (reference, condition) => waitFor(find(reference), condition),
    remove: async (reference, { link, ...options }) => {
      const container = find(reference)
      if (link) throw new StackError('not-implemented', 'removing links (--link) is not supported by this engine')
      return removeOnRequest(context, container, options)
    },
    exportTar: async (reference, signal) => {
      const container = find(reference)
      if (container.status === 'dead' || container.status === 'removing') {
        throw new StackError('conflict', `You cannot export container ${container.id} which is ${container.status}`)
      }
      const tar = await context.images.exportRootfs(container.id, { signal })
      publishContainerEvent(context, container, 'export')
      return tar
    },
    prune: (filters) => pruneContainers(context, filters),
  }
}

function readLogs(container: Container, request: ContainerLogsRequest) {
  if (!container.log.readable) {
    throw new StackError('not-implemented', 'configured logging driver does not support reading')
  }
  const tty = container.record.config.Tty ?? false
  const follow = request.follow && container.hasProcess
  const entries = container.log.read({ ...request, follow })
  return { tty, body: formatEntries(entries, { ...request, framed: !tty }) }
}

async function pruneContainers(context: ContainerContext, filters: Filters) {
  checkFilters(filters, ['label', 'label!', 'until'])
  const until = decodeTimestamp(filters['until']?.[0])
  const unused = [...context.containers].filter(
    ({ status, record }) =>
      canMove(status, 'remove') &&
      status !== 'restarting' &&
      (until === undefined || parseTime(record.createdAt) < until) &&
      matchesLabelFilters(filters, record.config.Labels ?? {}),
  )
  const deleted: string[] = []
  let reclaimed = 0
  for (const container of unused) {
    const size = await context.images.rootfsSize(container.id).catch(() => 0)
    try {
      await removeOnRequest(context, container, {})
    } catch (error) {
      // Somebody has started it, or removes it too.
      if (hasCode(error, 'conflict')) continue
      throw error
    }
    deleted.push(container.id)
    reclaimed += size
  }
  return { ContainersDeleted: deleted.length > 0 ? deleted : null, SpaceReclaimed: reclaimed }
}
