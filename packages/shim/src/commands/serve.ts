// SPDX-License-Identifier: Apache-2.0
import { closeSync, writeSync } from 'node:fs'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { messageOf } from '@teu/errors'
import { peerCredentials, trimAllocatorWhenIdle, useFrugalAllocator } from '@teu/linux'
import { addTaskService, TaskDefinition } from '@teu/shim-api'
import { createTtrpcServer, recordSpans, type TtrpcServer, traced } from '@teu/ttrpc'
import { BundleList } from '../bootstrap/bundle-list.ts'
import { type ShimAddress, shimAddressOf } from '../bootstrap/shim-address.ts'
import { EventPublisher } from '../events/event-publisher.ts'
import { openShimLog } from '../log/shim-log.ts'
import { ContainerRegistry } from '../task/registry.ts'
import { createTaskService } from '../task/task-service.ts'
import { IdleTimer } from './idle-timer.ts'
import { removeShimFiles } from './leave.ts'
import {
  addressOfGroup,
  eventsAddress,
  requireFlags,
  type ShimInvocation,
  searchPath,
  servesNamespace,
} from './surroundings.ts'

/** The descriptor on which the caller of start is told that this shim listens. */
const readyDescriptor = 3

/**
 * How long a shim of a namespace stays after it was told to shut down, in milliseconds: the next container may be on its
 * way. To any other shim none comes.
 */
const farewellMs = 3000

/** How long events may take to leave when the shim does, in milliseconds. */
const leaveMs = 5000

/**
 * Serves the Task service of one group until it is told to shut down and has no containers left. Takes over the
 * containers of an earlier shim first, so that whoever connects finds them. Resolves when the shim may exit.
 *
 * @internal
 */
export async function serveCommand(invocation: ShimInvocation): Promise<void> {
  const { arguments: arguments_, env, runtimeLibrary: library } = invocation
  requireFlags(arguments_, 'namespace', 'id', 'address')
  const { namespace, debug, bundle } = arguments_
  const address = arguments_.socket ? shimAddressOf(arguments_.socket) : addressOfGroup(invocation, '')
  const { socket, bundles } = address
  const log = openShimLog(join(bundle || process.cwd(), 'log'), debug)
  // The bundle in which the shim was started goes before the shim does.
  process.chdir('/')
  surviveSignals((message) => log.warn(message))
  const publisher = new EventPublisher({ namespace, address: eventsAddress(invocation), log: log.warn })
  const list = new BundleList(bundles)
  const registry = new ContainerRegistry(list, {
    namespace,
    publisher,
    log,
    path: searchPath(env),
    socket,
    library,
  })
  useFrugalAllocator()
  using _trimming = trimAllocatorWhenIdle()
  using _recording = env.TEU_TRACE ? recordSpans(env.TEU_TRACE) : undefined
  await registry.recover()
  const idle = new IdleTimer(() => registry.size === 0, servesNamespace(invocation) ? farewellMs : 0)
  await using server = createServer(idle)
  addTaskService(
    server,
    traced(
      'shim',
      TaskDefinition,
      createTaskService(registry, (now) => idle.hurry(now)),
    ),
  )
  await server.listen(socket)
  tellReady()
  await untilUnwanted(address, idle, () => registry.size === 0)
  await server.close({ graceMs: 1000 })
  await publisher.close(leaveMs)
  registry.close()
  log.close()
}

/** Resolves when the shim has been idle long enough, and its socket is gone so that nobody can come any more. */
async function untilUnwanted(address: ShimAddress, idle: IdleTimer, isEmpty: () => boolean): Promise<void> {
  for (;;) {
    await idle.expired()
    const { touches } = idle
    if (await removeShimFiles(address, () => idle.touches !== touches || !isEmpty())) return
  }
}

function createServer(idle: IdleTimer): TtrpcServer {
  return createTtrpcServer({
    accept: (stream) => {
      idle.touch()
      const { uid } = peerCredentials(stream as Socket)
      return uid === 0 || uid === process.geteuid?.()
    },
  })
}

/** The caller of start waits for this word. Without a caller the descriptor is not there. */
function tellReady(): void {
  try {
    writeSync(readyDescriptor, 'ready')
    closeSync(readyDescriptor)
  } catch {}
}

/** Nothing but SIGKILL ends a shim that has containers, and a bug in one call must not take the others with it. */
function surviveSignals(warn: (message: string) => void): void {
  for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM', 'SIGPIPE', 'SIGUSR2'] as const) process.on(signal, () => {})
  process.on('unhandledRejection', (error) => warn(`unhandled rejection: ${messageOf(error)}`))
  process.on('uncaughtException', (error) => warn(`uncaught exception: ${messageOf(error)}`))
}
