// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isErrno, type MonitorEventRecord, monitorEventLayouts, RecordReader } from '@teu/linux'
import { processName, recordFolder } from '../process/process-record.ts'
import type { ProcessEnd } from './monitor-client.ts'

/** How a process ended, from the file that its monitor wrote. Undefined when there is none, or it is damaged. @internal */
export async function readExitFile(bundle: string, execId: string): Promise<ProcessEnd | undefined> {
  try {
    const bytes = await readFile(join(bundle, recordFolder, `${processName(execId)}.exit`))
    const events = new RecordReader<MonitorEventRecord>(monitorEventLayouts, 4096).push(bytes)
    const exited = events.find((event) => event.kind === 'exited')
    return exited && { status: exited.status, nanoseconds: exited.nanoseconds }
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR') || error instanceof RangeError) return undefined
    throw error
  }
}
