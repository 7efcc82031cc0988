// SPDX-License-Identifier: Apache-2.0
import { isNotFound } from '@teu/errors'
import { taskEvents } from '@teu/shim-api'
import { reconnectMonitor } from '../monitor/reconnect.ts'
import { unmountRootfs } from '../mounts/rootfs.ts'
import { chooseRuntime } from '../oci-runtime/choose-runtime.ts'
import { isExitTold, loadProcesses } from '../process/process-record.ts'
import { ShimProcess } from '../process/shim-process.ts'
import { Container } from './container.ts'
import { loadContainer } from './container-record.ts'
import type { CreateSurroundings } from './create-container.ts'

/**
 * The container that an earlier shim left in `bundle`, with its monitors connected again and every exit reported that
 * containerd has not acknowledged. Undefined when there is none; one that was never made whole is removed.
 *
 * @internal
 */
export async function recoverContainer(
  bundle: string,
  surroundings: CreateSurroundings,
): Promise<Container | undefined> {
  const record = await loadContainer(bundle)
  if (record === undefined) return undefined
  const [initRecord, ...execRecords] = await loadProcesses(bundle)
  const runtime = await chooseRuntime(record.runtime, bundle, surroundings)
  if (initRecord === undefined || initRecord.execId !== '' || initRecord.state === 'creating') {
    const monitor = await reconnectMonitor(bundle, '')
    monitor?.quit()
    await runtime.delete(record.id, true).catch(() => {})
    unmountRootfs(bundle)
    return undefined
  }
  const container = new Container(record, runtime, new ShimProcess(bundle, initRecord), surroundings)
  for (const execRecord of execRecords) {
    const exec = new ShimProcess(bundle, execRecord)
    container.execs.set(exec.execId, exec)
    await resume(container, exec)
  }
  await catchUp(container)
  await resume(container, container.init)
  if (container.init.isLive) void container.watchMemory({ recovered: true })
  return container
}

/** The shim may have died between the runtime's start and its own note of it. */
async function catchUp(container: Container): Promise<void> {
  const { init, runtime, id } = container
  if (init.state !== 'created') return
  try {
    if ((await runtime.status(id)) !== 'running') return
  } catch (error) {
    if (isNotFound(error)) return
    throw error
  }
  init.move('start')
  void container.publish(taskEvents.start, { containerId: id, pid: init.pid })
}

async function resume(container: Container, process: ShimProcess): Promise<void> {
  if (process.pid === 0) return
  process.watch(await reconnectMonitor(container.bundle, process.execId))
  if (!isExitTold(container.bundle, process.execId)) container.reportExitOf(process)
}
