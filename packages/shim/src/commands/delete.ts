// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs'
import { readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { isNotFound } from '@teu/errors'
import { connectShim, DeleteResponse, timestampFromNanos } from '@teu/shim-api'
import { BundleList } from '../bootstrap/bundle-list.ts'
import { groupOfBundle } from '../bootstrap/grouping.ts'
import { isAnswering } from '../bootstrap/is-answering.ts'
import { shimAddressOf } from '../bootstrap/shim-address.ts'
import { readExitFile } from '../monitor/exit-file.ts'
import type { ProcessEnd } from '../monitor/monitor-client.ts'
import { reconnectMonitor } from '../monitor/reconnect.ts'
import { unmountRootfs } from '../mounts/rootfs.ts'
import { chooseRuntime } from '../oci-runtime/choose-runtime.ts'
import { loadProcesses } from '../process/process-record.ts'
import { type ContainerRecord, loadContainer } from '../task/container-record.ts'
import { removeShimFiles } from './leave.ts'
import { addressOfGroup, requireFlags, type ShimInvocation, searchPath } from './surroundings.ts'

/** How long the end of a killed process may take to be known, in milliseconds. Containerd gives the whole action 5 s. */
const exitPatienceMs = 1500

/**
 * The delete action: removes whatever is left of a task and gives the encoded DeleteResponse. Containerd calls it after
 * each ordinary delete too, where there is nothing left to do, and for each task whose shim has gone.
 *
 * @internal
 */
export async function deleteCommand(invocation: ShimInvocation): Promise<Uint8Array> {
  const { arguments: arguments_ } = invocation
  requireFlags(arguments_, 'namespace', 'id')
  const bundle = arguments_.bundle || process.cwd()
  const record = await loadContainer(bundle)
  const address = record ? shimAddressOf(record.socket) : addressOfGroup(invocation, await groupOfBundle(bundle))
  const { socket, bundles } = address
  let end: ProcessEnd | undefined
  let pid = 0
  if (record !== undefined && (await isUnfinished(bundles, arguments_.id))) {
    pid = (await loadProcesses(bundle))[0]?.pid ?? 0
    if (await isAnswering(socket)) await deleteThroughShim(socket, arguments_.id)
    else await deleteWithoutShim(invocation, bundle, record)
    end = await readExitFile(bundle, '')
  }
  unmountRootfs(bundle)
  await new BundleList(bundles).remove(arguments_.id)
  // The last container of a shim that was killed takes the shim's own files with it.
  if (existsSync(socket) && !(await isAnswering(socket))) await removeShimFiles(address, () => isAnswering(socket))
  const { status, nanoseconds } = end ?? { status: 137, nanoseconds: BigInt(Date.now()) * 1_000_000n }
  return DeleteResponse.encode({ pid, exitStatus: status, exitedAt: timestampFromNanos(nanoseconds) }).finish()
}

/** A shim takes a task off its list when it has deleted it. */
function isUnfinished(bundles: string, id: string): Promise<boolean> {
  return readlink(join(bundles, id)).then(
    () => true,
    () => false,
  )
}

async function deleteThroughShim(socket: string, id: string): Promise<void> {
  using shim = connectShim({ version: 2, address: socket, protocol: 'ttrpc' })
  const ignoreAbsent = (error: unknown) => {
    if (!isNotFound(error)) throw error
  }
  await shim.task.kill({ id, execId: '', signal: 9, all: true }, { timeoutMs: exitPatienceMs }).catch(ignoreAbsent)
  await shim.task.wait({ id, execId: '' }, { timeoutMs: exitPatienceMs }).catch(ignoreAbsent)
  await shim.task.delete({ id, execId: '' }, { timeoutMs: exitPatienceMs }).catch(ignoreAbsent)
}

async function deleteWithoutShim(invocation: ShimInvocation, bundle: string, record: ContainerRecord): Promise<void> {
  const { env, runtimeLibrary: library } = invocation
  const surroundings = { namespace: record.namespace, path: searchPath(env), library }
  const runtime = await chooseRuntime(record.runtime, bundle, surroundings)
  const processes = await loadProcesses(bundle)
  const monitors = await Promise.all(processes.map(({ execId }) => reconnectMonitor(bundle, execId)))
  await runtime.delete(record.id, true).catch((error: unknown) => {
    if (!isNotFound(error)) throw error
  })
  await Promise.race([monitors[0]?.exited.catch(() => {}), delay(exitPatienceMs, undefined, { ref: false })])
  for (const monitor of monitors) monitor?.quit()
  // A command that was written must have left before this process does.
  await delay(10)
  for (const monitor of monitors) monitor?.disconnect()
}
