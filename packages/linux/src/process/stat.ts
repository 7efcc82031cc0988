// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs'
import { isErrno } from '../errno.ts'

/** The part of `/proc/<pid>/stat` that tells one process from another (proc_pid_stat(5)). @public */
export interface ProcessStat {
  pid: number
  /** The command name, as the kernel cut it. */
  command: string
  /** `R`, `S`, `D`, `Z` (zombie), `T`, `X` (dead), ... */
  state: string
  parentPid: number
  processGroup: number
  session: number
  /** Clock ticks after boot; with the pid it identifies a process until the next boot. */
  startTime: bigint
}

/** Reads the state of a process. Undefined when there is none. @public */
export function readProcessStat(pid: number): ProcessStat | undefined {
  try {
    return parseProcessStat(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH')) return undefined
    throw error
  }
}

/** Parses the text of `/proc/<pid>/stat`. The command may hold spaces and brackets. @public */
export function parseProcessStat(text: string): ProcessStat {
  const open = text.indexOf('(')
  const close = text.lastIndexOf(')')
  if (open < 0 || close < open) throw new Error('process stat has no command name')
  const fields = text.slice(close + 2).split(' ')
  return {
    pid: Number(text.slice(0, open)),
    command: text.slice(open + 1, close),
    state: fields[0] ?? '',
    parentPid: Number(fields[1]),
    processGroup: Number(fields[2]),
    session: Number(fields[3]),
    startTime: BigInt(fields[19] ?? '0'),
  }
}

/**
 * Whether the process that had this number and start time still runs: neither gone, nor a zombie, nor another one that
 * was given the number later.
 *
 * @public
 */
export function isProcessRunning(pid: number, startTime: bigint): boolean {
  const stat = readProcessStat(pid)
  return stat !== undefined && stat.startTime === startTime && stat.state !== 'Z' && stat.state !== 'X'
}
