// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import { chown } from 'node:fs/promises'
import { dirname, isAbsolute, join } from 'node:path'
import { codeOf, type ErrorCode, messageOf, StackError } from '@teu/errors'
import { protocolConstants } from '@teu/linux'
import { type CreateTaskRequest, type RuncOptions, taskEvents } from '@teu/shim-api'
import { loggerArguments, streamsOf } from '../monitor/stream-uri.ts'
import { mountRootfs, unmountRootfs } from '../mounts/rootfs.ts'
import { chooseRuntime, type RuntimeSurroundings } from '../oci-runtime/choose-runtime.ts'
import { readCreateOptions } from '../oci-runtime/create-options.ts'
import type { OciRuntime } from '../oci-runtime/oci-runtime.ts'
import { makeRecordFolder } from '../process/process-record.ts'
import { newProcessRecord, ShimProcess } from '../process/shim-process.ts'
import { Container, type ContainerComponents } from './container.ts'
import { type ContainerRecord, saveContainer, sharesPids } from './container-record.ts'
import { checkIdentifier } from './identifier.ts'

/** What making a container needs besides the request. @internal */
export interface CreateSurroundings extends RuntimeSurroundings, ContainerComponents {
  /** Where the shim listens. Its folder has a path that is short enough for other sockets in it. */
  readonly socket: string
}

/** Makes a container: mounts, records, the runtime's create, the event. Leaves nothing behind when it fails. @internal */
export async function createContainer(
  request: CreateTaskRequest,
  surroundings: CreateSurroundings,
  signal: AbortSignal | undefined,
): Promise<Container> {
  checkRequest(request)
  const { id, bundle } = request
  const options = readOptions(request)
  await surroundings.publisher.room(signal)
  const record: ContainerRecord = {
    version: 1,
    id,
    namespace: surroundings.namespace,
    runtime: {
      binaryName: options.binaryName,
      root: options.root,
      systemdCgroup: options.systemdCgroup,
      noPivot: options.noPivotRoot,
      noNewKeyring: options.noNewKeyring,
    },
    sharedPids: sharesPids(bundle),
    socket: surroundings.socket,
    mounted: request.rootfs.length > 0,
  }
  const runtime = await chooseRuntime(record.runtime, bundle, surroundings)
  const init = new ShimProcess(bundle, newProcessRecord('', request))
  const container = new Container(record, runtime, init, surroundings)
  makeRecordFolder(bundle)
  saveContainer(bundle, record)
  init.save()
  await ownStreams(request, options)
  mountRootfs(bundle, request.rootfs)
  const release = init.holdExit()
  try {
    await make(container, surroundings, signal)
    void container.publish(taskEvents.create, {
      containerId: id,
      bundle,
      rootfs: request.rootfs,
      io: request,
      checkpoint: request.checkpoint,
      pid: init.pid,
    })
    return container
  } catch (error) {
    await undo(container)
    throw runtimeError(error, 'OCI runtime create failed')
  } finally {
    release()
  }
}

/** A free path for a console socket, in the folder of the shim's own. @internal */
export function consoleSocketBeside(socket: string): string {
  return join(dirname(socket), `${randomBytes(8).toString('hex')}.pty`)
}

/** Of a runtime's failures, those that are not about the container. */
const ownCodes: ReadonlySet<ErrorCode> = new Set([
  'cancelled',
  'deadline-exceeded',
  'not-implemented',
  'already-exists',
])

/**
 * A runtime's error under the name of what was being done, which is what callers search for the reason. Its code is
 * `unknown`, as with containerd's shim: what another code would say of the caller's request is not about that request.
 *
 * @internal
 */
export function runtimeError(error: unknown, doing: string): StackError {
  const code = codeOf(error)
  return new StackError(ownCodes.has(code) ? code : 'unknown', `${doing}: ${messageOf(error)}`, { cause: error })
}

async function make(container: Container, surroundings: CreateSurroundings, signal?: AbortSignal): Promise<void> {
  const { init, runtime, id, bundle } = container
  const made = await runtime.create({
    id,
    bundle,
    execId: '',
    stdin: init.record.stdin,
    stdout: init.record.stdout,
    stderr: init.record.stderr,
    terminal: init.record.terminal,
    consoleSocket: consoleSocketBeside(surroundings.socket),
    loggerEnvironment: container.loggerEnvironment(''),
    signal,
  })
  init.move('create')
  init.adopt(made.pid, made.monitor)
  container.reportExitOf(init)
  init.save()
  // Not before the reply is on its way, but still while the process waits for its start.
  setImmediate(() => container.findCgroup())
}

async function undo({ id, bundle, runtime, init }: Container): Promise<void> {
  void init.release()
  await forceDelete(runtime, id)
  unmountRootfs(bundle)
}

async function forceDelete(runtime: OciRuntime, id: string): Promise<void> {
  // What could not be made has nothing to delete; the error that counts is the first one.
  await runtime.delete(id, true).catch(() => {})
}

function checkRequest(request: CreateTaskRequest): void {
  checkIdentifier(request.id, 'container id')
  if (!isAbsolute(request.bundle)) {
    throw new StackError('invalid-argument', `bundle ${JSON.stringify(request.bundle)} is no absolute path`)
  }
  if (request.checkpoint !== '') throw new StackError('not-implemented', 'restoring a checkpoint is not supported')
  streamsOf(request)
  loggerArguments(request)
}

function readOptions({ options }: CreateTaskRequest): RuncOptions {
  const read = readCreateOptions(options)
  if (read !== undefined) return read
  throw new StackError('invalid-argument', `unsupported options ${JSON.stringify(options?.typeUrl)}`)
}

/** In a user namespace the container's root may not open what the host's root owns. */
async function ownStreams(request: CreateTaskRequest, { ioUid, ioGid }: RuncOptions): Promise<void> {
  if (ioUid === 0 && ioGid === 0) return
  for (const { type, path } of streamsOf(request)) {
    if (type === protocolConstants.streamFifo) await chown(path, ioUid, ioGid)
  }
}
