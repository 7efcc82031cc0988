// SPDX-License-Identifier: Apache-2.0
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { StackError } from '@teu/errors'

/** Writes our pid to a file. `already-exists` when the process that it names is alive. */
export function writePidFile(file: string): void {
  const pid = existsSync(file) ? Number(readFileSync(file, 'utf8').trim()) : 0
  if (pid > 0 && pid !== process.pid && existsSync(`/proc/${pid}`)) {
    throw new StackError('already-exists', `process with PID ${pid} is still running: delete ${file} if it is not ours`)
  }
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, String(process.pid), { mode: 0o644 })
}

/** Removes the file again. */
export function removePidFile(file: string): void {
  rmSync(file, { force: true })
}
