// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import { chmodSync, lstatSync, mkdirSync, readdirSync, rmdirSync, rmSync, type Stats } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { StackError } from '@teu/errors'
import { createCgroupManager, isErrno, isProcessRunning, readProcessStat } from '@teu/linux'
import type { Runtime } from '../runtime.ts'

const directoryMode = 0o711

/** Where root's sandboxes have their cgroups, unless it is said otherwise. @internal */
export const defaultCgroupParent = '/teu-sandbox'

/**
 * What is on disk of the sandboxes of one user. What they share is there only while there is one: it is removed, if it is
 * empty, after each of them, and whoever makes something below it makes it again.
 *
 * @internal
 */
export class SandboxPlace {
  readonly #base: string
  readonly #removable: boolean

  /** Makes the directory, or takes one that is there when nobody else can write to it. */
  constructor(base?: string) {
    const byDefault = defaultBase()
    this.#base = base ?? byDefault.path
    this.#removable = base === undefined && byDefault.removable
    const stat = makeDirectory(this.#base)
    if (!stat.isDirectory() || stat.uid !== process.geteuid?.() || (stat.mode & 0o022) !== 0) {
      throw new StackError('failed-precondition', `${this.#base} is not a directory that only this user can write to`)
    }
  }

  /** Root of the runtime's state. */
  get state(): string {
    return join(this.#base, 'state')
  }

  /** A name that says which process owns the sandbox. */
  newId(): string {
    const start = readProcessStat(process.pid)?.startTime ?? 0n
    return `s${process.pid}-${start}-${randomBytes(4).toString('hex')}`
  }

  /** Makes an empty directory that becomes the root of a sandbox. */
  makeRoot(id: string): string {
    const path = this.#folder(id)
    mkdirSync(path, { recursive: true, mode: directoryMode })
    // Against the umask: the command is another user, and must find its way.
    chmodSync(path, 0o755)
    return path
  }

  /** Removes what is left of a sandbox. Fine when there is nothing. */
  async remove(runtime: Runtime, id: string): Promise<void> {
    await runtime.delete(id, { force: true })
    rmSync(this.#folder(id), { recursive: true, force: true })
    this.#removeShared()
  }

  /** Removes what sandboxes have left whose owner was killed. */
  async sweep(runtime: Runtime): Promise<void> {
    const names = new Set([...entries(this.state), ...entries(join(this.#base, 'roots'))])
    for (const name of names) {
      const [, pid, start] = /^s(\d+)-(\d+)-[0-9a-f]{8}$/.exec(name) ?? []
      if (pid === undefined || isProcessRunning(Number(pid), BigInt(start as string))) continue
      await this.remove(runtime, name)
    }
  }

  #removeShared(): void {
    removeIfEmpty(this.state)
    removeIfEmpty(join(this.#base, 'roots'))
    if (this.#removable) removeIfEmpty(this.#base)
    if (process.geteuid?.() !== 0) return
    for (const folder of new Set(Object.values(createCgroupManager({ path: defaultCgroupParent }).paths))) {
      removeIfEmpty(folder)
    }
  }

  #folder(id: string): string {
    return join(this.#base, 'roots', id)
  }
}

/** Where others could put something in its place meanwhile, the directory stays once it is made. */
function defaultBase(): { path: string; removable: boolean } {
  const uid = process.geteuid?.() ?? 0
  if (uid === 0) return { path: '/run/teu-sandbox', removable: true }
  const directory = process.env.XDG_RUNTIME_DIR
  if (directory) return { path: join(directory, 'teu-sandbox'), removable: true }
  return { path: join(tmpdir(), `teu-sandbox-${uid}`), removable: false }
}

/** Somebody whose last sandbox has ended may remove it again before it is looked at. */
function makeDirectory(path: string): Stats {
  for (;;) {
    mkdirSync(path, { recursive: true, mode: directoryMode })
    const stat = lstatSync(path, { throwIfNoEntry: false })
    if (stat !== undefined) return stat
  }
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder)
  } catch (error) {
    // A cgroup with others below it is busy.
    if (!isErrno(error, 'ENOENT', 'ENOTEMPTY', 'EBUSY')) throw error
  }
}

function entries(path: string): string[] {
  try {
    return readdirSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
