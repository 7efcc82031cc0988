// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import { chmodSync, lstatSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { StackError } from '@teu/errors'
import { isProcessRunning, readProcessStat } from '@teu/linux'
import type { Runtime } from '../runtime.ts'

/** What is on disk of the sandboxes of one user. @internal */
export class SandboxPlace {
  readonly #base: string

  /** Makes the directory, or takes one that is there when nobody else can write to it. */
  constructor(base: string = defaultBase()) {
    this.#base = base
    mkdirSync(base, { recursive: true, mode: 0o711 })
    const { uid, mode } = lstatSync(base)
    if (!lstatSync(base).isDirectory() || uid !== process.geteuid?.() || (mode & 0o022) !== 0) {
      throw new StackError('failed-precondition', `${base} is not a directory that only this user can write to`)
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
    mkdirSync(path, { recursive: true })
    // Against the umask: the command is another user, and must find its way.
    chmodSync(path, 0o755)
    return path
  }

  /** Removes what is left of a sandbox. Fine when there is nothing. */
  async remove(runtime: Runtime, id: string): Promise<void> {
    await runtime.delete(id, { force: true })
    rmSync(this.#folder(id), { recursive: true, force: true })
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

  #folder(id: string): string {
    return join(this.#base, 'roots', id)
  }
}

function defaultBase(): string {
  const uid = process.geteuid?.() ?? 0
  if (uid === 0) return '/run/teu-sandbox'
  const directory = process.env.XDG_RUNTIME_DIR
  return directory ? join(directory, 'teu-sandbox') : join(tmpdir(), `teu-sandbox-${uid}`)
}

function entries(path: string): string[] {
  try {
    return readdirSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
