// SPDX-License-Identifier: Apache-2.0
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { StackError } from '@teu/errors'
import { formatExactJson, parseExactJson } from '@teu/oci-spec/runtime'
import type { SavedUnit } from '../cgroups/systemd-cgroup.ts'
import type { ContainerSpec } from '../spec/check-spec.ts'
import { runcConfig } from './runc-config.ts'

/**
 * The state of a container that the runtime keeps in `<root>/<id>/state.json`. The keys up to `cgroup_paths`, and a
 * `config` that is written and never read, are those by which runc and other tools read a state.
 *
 * @internal
 */
export interface SavedState {
  id: string
  init_process_pid: number
  /** Clock ticks after boot; tells the process from a later one with its number. */
  init_process_start: number
  /** Who makes it; only until its init is known. */
  creator?: { pid: number; start: number }
  /** RFC 3339. */
  created: string
  rootless: boolean
  cgroup_paths: Record<string, string>
  /** The unit that the cgroup is, when systemd made it. */
  systemd_unit?: SavedUnit
  bundle: string
  rootfs: string
  owner: string
  /** Whether the container got a session keyring of its own, which an exec then joins. */
  keyring: boolean
  spec: ContainerSpec
}

/**
 * The directory of one runtime's containers. It is read and written at once, without the thread pool: it holds a few
 * kilobytes on a tmpfs, and every trip to another thread takes longer than that.
 *
 * @internal
 */
export class StateDirectory {
  readonly root: string

  constructor(root: string) {
    this.root = root
  }

  /** Where the state of `id` is kept. */
  path(id: string): string {
    return join(this.root, id)
  }

  /** The FIFO whose reader lets init go on. It exists while the container is `created`. */
  fifo(id: string): string {
    return join(this.root, id, 'exec.fifo')
  }

  /** Takes the id: throws `already-exists` when a container has it. */
  claim(id: string): void {
    while (!this.#make(id)) mkdirSync(this.root, { recursive: true, mode: 0o711 })
    // Init of a user namespace opens the FIFO as nobody in particular, so that the umask must not get in its way.
    chmodSync(this.path(id), 0o711)
  }

  /** False when there is no root, which its owner may remove whenever it is empty. */
  #make(id: string): boolean {
    try {
      mkdirSync(this.path(id), { mode: 0o711 })
      return true
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ENOENT') return false
      if (code !== 'EEXIST') throw error
      throw new StackError('already-exists', 'container with given ID already exists', { cause: error })
    }
  }

  /** Replaces the state as a whole; a reader sees the old or the new one. */
  write(id: string, state: SavedState): void {
    writeAtomically(join(this.path(id), 'state.json'), formatExactJson({ ...state, config: runcConfig(state) }))
  }

  /** Throws `not-found` when there is no such container, `data-loss` when its state cannot be read. */
  read(id: string): SavedState {
    let text: string
    try {
      text = readFileSync(join(this.path(id), 'state.json'), 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      throw new StackError('not-found', 'container does not exist', { cause: error })
    }
    try {
      return parseState(text)
    } catch (error) {
      throw new StackError('data-loss', `state of container ${id} is damaged: ${(error as Error).message}`, {
        cause: error,
      })
    }
  }

  /** Whether the id is taken. */
  has(id: string): boolean {
    return existsSync(this.path(id))
  }

  /** Forgets the container. Fine when it is gone. */
  remove(id: string): void {
    rmSync(this.path(id), { recursive: true, force: true })
  }

  /** The ids that are taken, sorted. */
  ids(): string[] {
    try {
      const entries = readdirSync(this.root, { withFileTypes: true })
      return entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).sort()
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
      throw error
    }
  }
}

function parseState(text: string): SavedState {
  const { config: _, ...state } = (parseExactJson(text) ?? {}) as Partial<SavedState> & { config?: unknown }
  // Up to 0.1 the ticks were written as text.
  const start =
    typeof state?.init_process_start === 'string' ? Number(state.init_process_start) : state?.init_process_start
  if (typeof state?.init_process_pid !== 'number' || typeof start !== 'number' || !Number.isSafeInteger(start)) {
    throw new Error('it has no process')
  }
  if (typeof state.spec !== 'object' || typeof state.bundle !== 'string' || typeof state.cgroup_paths !== 'object') {
    throw new Error('it has no spec')
  }
  return { ...state, init_process_start: start } as SavedState
}

/** Writes a file beside its place and renames it there, so that nobody sees a part of it. @internal */
export function writeAtomically(path: string, content: string, mode = 0o600): void {
  const slash = path.lastIndexOf('/')
  const temporary = `${path.slice(0, slash + 1)}.${path.slice(slash + 1)}.${unusedSuffix()}`
  try {
    const fd = openSync(temporary, 'wx', mode)
    try {
      writeFileSync(fd, content)
    } finally {
      closeSync(fd)
    }
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}

let suffixes = 0

/** No two of one machine, as long as they are made in one pid namespace; a name that is there is not written to. */
function unusedSuffix(): string {
  return `${process.pid}-${process.hrtime.bigint().toString(36)}-${suffixes++}`
}
