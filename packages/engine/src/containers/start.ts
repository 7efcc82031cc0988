// SPDX-License-Identifier: Apache-2.0
import { isAlreadyExists, StackError } from '@teu/errors'
import type { Spec } from '@teu/oci-spec/runtime'
import { formatTime, nowNanoseconds } from '../clock.ts'
import { fifoPaths } from '../io/fifo-set.ts'
import { ProcessIo } from '../io/process-io.ts'
import type { Sandbox } from '../network/network-service.ts'
import { buildSpec } from '../spec/build-spec.ts'
import type { ResolvedUser } from '../spec/user.ts'
import { chooseRuntime } from '../tasks/runtime-choice.ts'
import { timed } from '../timed.ts'
import { appArmorProfileOf } from './confinement.ts'
import type { Container } from './container.ts'
import { statusAfter } from './container-state.ts'
import { type ContainerContext, publishContainerEvent, saveContainer } from './context.ts'
import { joinedNamespaces, joinedNetwork } from './joined-containers.ts'
import { containerDirectory, ioDirectory } from './paths.ts'
import { mountSharedMemory, unmountSharedMemory } from './shared-memory.ts'
import { describeStartFailure } from './start-failure.ts'
import { userOf } from './user-of.ts'

/** What `finish-run.ts` and `remove.ts` do, handed in because they start containers again themselves. */
export type StartFailureHandler = (container: Container) => Promise<void>

/**
 * Starts a container. `not-modified` when it runs already, `conflict` when it is paused or being removed; what the
 * runtime says otherwise. On failure its network, task and FIFOs are gone again and `error` tells why.
 */
export function startContainer(
  context: ContainerContext,
  container: Container,
  afterFailure: StartFailureHandler,
): Promise<void> {
  return container.turns.take(() => start(context, container, afterFailure))
}

/** As {@link startContainer}, for a caller that has the container's turn. */
export async function start(
  context: ContainerContext,
  container: Container,
  afterFailure: StartFailureHandler,
): Promise<void> {
  checkStartable(container)
  clearTimeout(container.restartTimer)
  try {
    const pid = await run(context, container)
    markRunning(context, container, pid)
  } catch (error) {
    await undo(context, container)
    const failure = describeStartFailure(error, container)
    Object.assign(container.record.state, { exitCode: failure.exitCode, error: failure.error.message, pid: 0 })
    saveContainer(context, container, 'kept')
    // Whoever is attached learns that there will be no output.
    container.hub.end()
    await afterFailure(container)
    throw failure.error
  }
}

function checkStartable({ status, name }: Container): void {
  if (status === 'running') throw new StackError('not-modified', `container ${name} is already running`)
  if (status === 'paused') {
    throw new StackError('conflict', 'cannot start a paused container, try unpause instead')
  }
  if (status === 'removing' || status === 'dead') {
    throw new StackError('conflict', 'container is marked for removal and cannot be started')
  }
}

async function run(context: ContainerContext, container: Container): Promise<number> {
  const { record, id } = container
  const { images, tasks, settings } = context
  const [sandbox, mounts, user, profile] = await Promise.all([
    step('connect network', () => connect(context, container)),
    container.rootfsMounts ?? images.rootfs(id).then((rootfs) => rootfs.mounts),
    step('look up user', () => userOf(context, container)),
    appArmorProfileOf(context, container),
  ])
  container.rootfsMounts = mounts
  record.sandbox = sandbox
  record.appArmorProfile = profile ?? ''
  mountSharedMemory(settings, container)
  const spec = await step('build spec', async () => specOf(context, container, sandbox, user))
  container.process = spec.process
  await step('create container', () => createInContainerd(context, container, spec))
  container.io = await step('open fifos', async () => openIo(settings, container))
  const { io } = container
  const pid = await step('create task', () => tasks.create(id, mounts, io.paths, record.config.Tty ?? false))
  io.started()
  await step('start task', () => tasks.start(id))
  return pid
}

/** One step of a start, in traces. */
function step<T>(name: string, work: () => Promise<T>): Promise<T> {
  return timed('engine', name, work)
}

function specOf(context: ContainerContext, container: Container, sandbox: Sandbox, user: ResolvedUser): Spec {
  const { record, id } = container
  return buildSpec({
    id,
    config: record.config,
    hostConfig: record.hostConfig,
    user,
    network: sandbox.namespace,
    ...joinedNamespaces(context, container),
    files: sandbox.files,
    volumes: record.volumes,
    appArmorProfile: record.appArmorProfile,
    host: context.host,
    cgroupParent: context.settings.cgroupParent,
  })
}

function openIo(settings: ContainerContext['settings'], { id, hub, record }: Container): ProcessIo {
  const { OpenStdin = false, Tty = false } = record.config
  const directory = ioDirectory(settings, id)
  return ProcessIo.create(directory, fifoPaths(directory, { stdin: OpenStdin, stdout: true, stderr: !Tty }), hub)
}

async function connect(context: ContainerContext, container: Container): Promise<Sandbox> {
  const { record } = container
  const { config, hostConfig, name } = record
  const joined = joinedNetwork(context, hostConfig.NetworkMode)
  // A container in another's network goes by that one's name there: the files with it are shared.
  if (joined) record.config = { ...config, Hostname: joined.hostname, Domainname: joined.domainname }
  return context.network.connect({
    containerId: container.id,
    containerName: name,
    hostname: record.config.Hostname ?? '',
    domainname: record.config.Domainname,
    hostConfig,
    ...(joined ? { joinPid: joined.joinPid, joinDirectory: joined.joinDirectory } : {}),
    directory: containerDirectory(context.settings, container.id),
  })
}

/** The container record that the task needs. One left over from a crash is replaced. */
async function createInContainerd(context: ContainerContext, container: Container, spec: Spec): Promise<void> {
  const { settings, tasks } = context
  const { config, hostConfig, snapshotter } = container.record
  const runtime = chooseRuntime(hostConfig.Runtime ?? '', settings.defaultRuntime, settings.runtimes)
  const request = { id: container.id, image: config.Image ?? '', labels: {}, spec, snapshotter, runtime }
  try {
    await tasks.createContainer(request)
  } catch (error) {
    if (!isAlreadyExists(error)) throw error
    await removeFromContainerd(context, container.id)
    await tasks.createContainer(request)
  }
}

/** Removes a container's task and record, whatever state they are in. */
export async function removeFromContainerd({ tasks }: ContainerContext, id: string): Promise<void> {
  await tasks.kill(id, 9, { all: true }).catch(() => {})
  for (let attempt = 0; attempt < 50; attempt++) {
    // A task that has just been killed needs a moment until it may be deleted.
    const deleted = await tasks.delete(id).then(
      () => true,
      () => false,
    )
    if (deleted || (await tasks.get(id).catch(() => undefined)) === undefined) break
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  await tasks.deleteContainer(id).catch(() => {})
}

async function undo(context: ContainerContext, container: Container): Promise<void> {
  await removeFromContainerd(context, container.id)
  container.io?.remove()
  container.io = undefined
  container.record.sandbox = undefined
  unmountSharedMemory(context.settings, container.id)
  await context.network.release(container.id).catch((error: Error) => {
    context.log.error('a network place could not be released', { container: container.id, error: error.message })
  })
}

function markRunning(context: ContainerContext, container: Container, pid: number): void {
  const { state } = container.record
  state.status = statusAfter(state.status, 'start')
  state.pid = pid
  state.exitCode = 0
  state.error = ''
  state.oomKilled = false
  state.stoppedByUser = false
  state.startedAt = formatTime(nowNanoseconds())
  saveContainer(context, container, 'kept')
  publishContainerEvent(context, container, 'start')
  container.running.resolve()
}
