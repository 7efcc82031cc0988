// SPDX-License-Identifier: Apache-2.0
import {
  chmodSync,
  chownSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { Socket } from 'node:net'
import { join } from 'node:path'
import { messageOf, StackError } from '@teu/errors'
import { makeFifo, RootDirectory, umountFlags, unmountAll } from '@teu/linux'
import { groupAnnotations, parseStartReply, type StartReply } from '@teu/shim-api'

const pluginFolder = 'io.containerd.runtime.v2.task'

/** The number that means no group. */
const maximumGroup = 2 ** 32 - 1

/** Where the bundles of all tasks are. */
export interface BundleRoots {
  /** Gone after a reboot: `<state>/io.containerd.runtime.v2.task`. */
  readonly state: string
  /** Stays: `<root>/io.containerd.runtime.v2.task`. */
  readonly work: string
}

/** The folders of a daemon's bundles. */
export function bundleRoots(root: string, state: string): BundleRoots {
  return { state: join(state, pluginFolder), work: join(root, pluginFolder) }
}

/**
 * The folder of one task, which its shim works in: the configuration, the place where the root file system is
 * mounted, and where the shim is.
 */
export class Bundle {
  readonly namespace: string
  readonly id: string
  readonly path: string
  readonly #roots: BundleRoots
  #namesGroup = false

  constructor(roots: BundleRoots, namespace: string, id: string) {
    this.namespace = namespace
    this.id = id
    this.path = join(roots.state, namespace, id)
    this.#roots = roots
  }

  get #log(): string {
    return join(this.path, 'log')
  }

  get rootfs(): string {
    return join(this.path, 'rootfs')
  }

  /**
   * Makes the folders. What a task of the same name left behind is removed first. The root of a container with a user
   * namespace, who is another user here, may pass through. Synchronous: these are a dozen calls in a file system of
   * memory, each cheaper than the way through the thread pool.
   *
   * @throws `invalid-argument` for a specification whose mappings cannot be read
   */
  create(spec: Uint8Array): void {
    const { state, work } = this.#roots
    const gid = mappedGroup(spec)
    const workPath = join(work, this.namespace, this.id)
    for (const folder of [join(state, this.namespace), workPath]) mkdirSync(folder, { recursive: true, mode: 0o711 })
    if (existsSync(this.path)) this.remove()
    mkdirSync(this.path, { mode: 0o700 })
    if (gid !== 0) letGroupIn(this.path, gid)
    mkdirSync(this.rootfs, { mode: 0o711 })
    mkdirSync(workPath, { recursive: true, mode: 0o711 })
    symlinkSync(workPath, join(this.path, 'work'))
    writeFileSync(join(this.path, 'config.json'), spec, { mode: 0o600 })
    const text = Buffer.from(spec.buffer, spec.byteOffset, spec.byteLength)
    this.#namesGroup = groupAnnotations.some((name) => text.includes(name))
  }

  /** Whether the task's specification may put it into a group; the shim knows for sure. */
  get namesGroup(): boolean {
    return this.#namesGroup
  }

  /** Whether it was made to the end. */
  get isComplete(): boolean {
    return existsSync(join(this.path, 'config.json'))
  }

  /** The folder's pipe that the shim writes its log to, open for reading; it is made when it is missing. */
  openLog(): Socket {
    // Left by a shim that has died, when it is started anew.
    if (!existsSync(this.#log)) makeFifo(this.#log, 0o700)
    // Open for both, so that neither side waits for the other and the shim may come and go.
    const fd = openSync(this.#log, constants.O_RDWR | constants.O_NONBLOCK)
    return new Socket({ fd, readable: true, writable: false })
  }

  /** The pipe of a shim that was started in this folder, by this daemon or an earlier one; undefined without one. */
  reopenLog(): Socket | undefined {
    return existsSync(this.#log) ? this.openLog() : undefined
  }

  /** Removes the pipe: the shim that has the task was started in another folder, and its log is there. */
  removeLog(): void {
    rmSync(this.#log, { force: true })
  }

  /** Remembers the shim for a daemon that starts later. */
  saveShim(binary: string, reply: StartReply): void {
    writeFileSync(join(this.path, 'bootstrap.json'), JSON.stringify(reply), { mode: 0o600 })
    writeFileSync(join(this.path, 'shim-binary-path'), binary, { mode: 0o600 })
  }

  /** The shim that was remembered, by this daemon or, as an address alone, by the shim itself. */
  async loadShim(): Promise<{ binary: string | undefined; reply: StartReply | undefined }> {
    const read = (name: string) => readFile(join(this.path, name), 'utf8').catch(() => undefined)
    const saved = (await read('bootstrap.json')) ?? (await read('address'))
    const binary = await read('shim-binary-path')
    try {
      return { binary, reply: saved === undefined ? undefined : parseStartReply(saved) }
    } catch {
      return { binary, reply: undefined }
    }
  }

  /** Unmounts the root file system and removes the folders; nothing happens when they are gone. */
  remove(): void {
    const { state, work } = this.#roots
    unmountAll(this.rootfs, umountFlags.detach)
    const hidden = `.${this.id}`
    removeTree(join(state, this.namespace), hidden)
    // Renamed first, so that what is cut short is not taken for a task at the next start.
    if (existsSync(this.path)) renameSync(this.path, join(state, this.namespace, hidden))
    removeTree(join(state, this.namespace), hidden)
    removeTree(join(work, this.namespace), this.id)
  }
}

/** The group on this host of a specification's group 0; 0 as well when nothing is mapped. */
function mappedGroup(spec: Uint8Array): number {
  const text = Buffer.from(spec.buffer, spec.byteOffset, spec.byteLength)
  if (!text.includes('gidMappings')) return 0
  const gid = readMappings(text).find((mapping) => mapping.containerID === 0)?.hostID ?? 0
  if (Number.isInteger(gid) && gid >= 0 && gid < maximumGroup) return gid
  throw new StackError('invalid-argument', `group 0 cannot be mapped to ${JSON.stringify(gid)}: invalid argument`)
}

function readMappings(text: Buffer): { containerID: number; hostID: number }[] {
  try {
    const mappings = JSON.parse(text.toString()).linux?.gidMappings ?? []
    return Array.isArray(mappings) ? mappings.filter((mapping) => typeof mapping === 'object' && mapping !== null) : []
  } catch (error) {
    throw new StackError('invalid-argument', `failed to read the specification: ${messageOf(error)}`, { cause: error })
  }
}

function letGroupIn(folder: string, gid: number): void {
  chownSync(folder, -1, gid)
  chmodSync(folder, 0o710)
}

/** All bundles on the disk. Removals that were cut short are finished on the way. */
export async function listBundles(roots: BundleRoots): Promise<Bundle[]> {
  const found: Bundle[] = []
  for (const namespace of await readdir(roots.state).catch(() => []))
    for (const id of await readdir(join(roots.state, namespace)).catch(() => [])) {
      if (!id.startsWith('.')) found.push(new Bundle(roots, namespace, id))
      else removeHidden(roots, namespace, id)
    }
  return found
}

/** What cannot be removed is tried again at the next start. */
function removeHidden(roots: BundleRoots, namespace: string, name: string): void {
  try {
    unmountAll(join(roots.state, namespace, name, 'rootfs'), umountFlags.detach)
    removeTree(join(roots.state, namespace), name)
  } catch {
    // A mount below is busy.
  }
}

/** A mount that was forgotten below ends it with an error: nothing outside is ever removed. */
function removeTree(folder: string, name: string): void {
  if (!existsSync(join(folder, name))) return
  using root = RootDirectory.open(folder)
  root.removeAll(name)
}
