// SPDX-License-Identifier: Apache-2.0
import { closeSync, existsSync, mkdirSync, openSync, renameSync, unlinkSync, writeFileSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isErrno } from '@teu/linux'
import { formatExactJson, parseExactJson } from '@teu/oci-spec/runtime'
import type { ProcessState } from './process-state.ts'

/** Where a process's standard streams lead, as containerd named them. @internal */
export interface ProcessStdio {
  readonly stdin: string
  readonly stdout: string
  readonly stderr: string
  readonly terminal: boolean
}

/** What a later shim must know of a process; kept as JSON in the bundle. @internal */
export interface ProcessRecord extends ProcessStdio {
  readonly version: 1
  /** Empty for the container's first process. */
  readonly execId: string
  state: ProcessState
  pid: number
  /** Clock ticks after boot at which the pid was started, in decimal; empty when it is not known. */
  startTime: string
  exitStatus: number
  /** Nanoseconds since 1970, in decimal; empty before the exit. */
  exitedAt: string
  /** Only of execs: the process of the OCI configuration. */
  readonly spec?: unknown
}

/** The folder of a bundle in which a shim keeps its own files. @internal */
export const recordFolder = 'teu'

/** The name under which a process has its files there: `init` or `exec-<id>`. @internal */
export function processName(execId: string): string {
  return execId === '' ? 'init' : `exec-${execId}`
}

/** Makes the folder of a bundle's records. @internal */
export function makeRecordFolder(bundle: string): void {
  mkdirSync(join(bundle, recordFolder), { mode: 0o700, recursive: true })
}

/**
 * Replaces a JSON file as a whole. It is not flushed: after a power cut there is no process to know about. At once:
 * bundles lie on a tmpfs, where a trip to the thread pool takes longer than the write.
 *
 * @internal
 */
export function writeJson(path: string, value: unknown): void {
  const aside = `${path}.part`
  writeFileSync(aside, formatExactJson(value), { mode: 0o600 })
  renameSync(aside, path)
}

/** Saves the record of a process. @internal */
export function saveProcess(bundle: string, record: ProcessRecord): void {
  writeJson(join(bundle, recordFolder, `${processName(record.execId)}.json`), record)
}

/** Every readable record of a bundle, the container's first process first. A damaged one is left out. @internal */
export async function loadProcesses(bundle: string): Promise<ProcessRecord[]> {
  const records: ProcessRecord[] = []
  for (const name of await listFolder(join(bundle, recordFolder))) {
    if (name !== 'init.json' && !/^exec-.*\.json$/.test(name)) continue
    const record = await readJson<ProcessRecord>(join(bundle, recordFolder, name))
    if (record?.version === 1 && typeof record.execId === 'string') records.push(record)
  }
  return records.sort((a, b) => Number(a.execId !== '') - Number(b.execId !== ''))
}

/** The value of a JSON file; undefined when it is absent or damaged. @internal */
export async function readJson<T>(path: string): Promise<T | undefined> {
  try {
    return parseExactJson(await readFile(path, 'utf8')) as T
  } catch {
    return undefined
  }
}

/**
 * Notes that containerd has the exit of a process. At once and synchronously: a shim that is killed between the
 * acknowledgement and this note makes the next one tell it again.
 *
 * @internal
 */
export function markExitTold(bundle: string, execId: string): void {
  try {
    closeSync(openSync(join(bundle, recordFolder, `${processName(execId)}.told`), 'w', 0o600))
  } catch {
    // The task was deleted meanwhile, and its bundle with it: nobody will look for the note.
  }
}

/** Whether containerd has the exit of a process. @internal */
export function isExitTold(bundle: string, execId: string): boolean {
  return existsSync(join(bundle, recordFolder, `${processName(execId)}.told`))
}

/** Removes all files of one process. @internal */
export function removeProcessFiles(bundle: string, execId: string): void {
  const name = processName(execId)
  const endings = ['json', 'json.part', 'exit', 'exit.part', 'told', 'sock', 'process']
  for (const ending of endings) {
    try {
      unlinkSync(join(bundle, recordFolder, `${name}.${ending}`))
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) throw error
    }
  }
}

async function listFolder(path: string): Promise<string[]> {
  try {
    return await readdir(path)
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return []
    throw error
  }
}
