// SPDX-License-Identifier: Apache-2.0
import { constants, existsSync, openSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { Socket } from 'node:net'
import { join } from 'node:path'
import { makeFifo, RootDirectory, umountFlags, unmountAll } from '@teu/linux'
import { parseStartReply, type StartReply } from '@teu/shim-api'

const pluginFolder = 'io.containerd.runtime.v2.task'

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

  constructor(roots: BundleRoots, namespace: string, id: string) {
    this.namespace = namespace
    this.id = id
    this.path = join(roots.state, namespace, id)
    this.#roots = roots
  }

  get rootfs(): string {
    return join(this.path, 'rootfs')
  }

  /** Makes the folders. What a task of the same name left behind is removed first. */
  async create(spec: Uint8Array): Promise<void> {
    const { state, work } = this.#roots
    const workPath = join(work, this.namespace, this.id)
    for (const [folder, mode] of [
      [join(state, this.namespace), 0o711],
      [join(work, this.namespace), 0o711],
      [workPath, 0o711],
    ] as const)
      await mkdir(folder, { recursive: true, mode })
    if (existsSync(this.path)) await this.remove()
    await mkdir(this.path, { mode: 0o700 })
    await mkdir(this.rootfs, { mode: 0o711 })
    await mkdir(workPath, { recursive: true, mode: 0o711 })
    await symlink(workPath, join(this.path, 'work'))
    await writeFile(join(this.path, 'config.json'), spec, { mode: 0o600 })
  }

  /** Whether it was made to the end. */
  get isComplete(): boolean {
    return existsSync(join(this.path, 'config.json'))
  }

  /** The folder's pipe that the shim writes its log to, open for reading. */
  openLog(): Socket {
    const path = join(this.path, 'log')
    // Left by a shim that has died, when it is started anew.
    if (!existsSync(path)) makeFifo(path, 0o700)
    // Open for both, so that neither side waits for the other and the shim may come and go.
    return new Socket({ fd: openSync(path, constants.O_RDWR | constants.O_NONBLOCK), readable: true, writable: false })
  }

  /** Remembers the shim for a daemon that starts later. */
  async saveShim(binary: string, reply: StartReply): Promise<void> {
    await writeFile(join(this.path, 'bootstrap.json'), JSON.stringify(reply), { mode: 0o600 })
    await writeFile(join(this.path, 'shim-binary-path'), binary, { mode: 0o600 })
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
  async remove(): Promise<void> {
    const { state, work } = this.#roots
    unmountAll(this.rootfs, umountFlags.detach)
    // Renamed first, so that what is cut short is not taken for a task at the next start.
    const hidden = join(state, this.namespace, `.${this.id}`)
    await removeTree(join(state, this.namespace), `.${this.id}`)
    await rename(this.path, hidden).catch(ignoreMissing)
    await removeTree(join(state, this.namespace), `.${this.id}`)
    await rm(join(work, this.namespace, this.id), { recursive: true, force: true })
  }
}

/** All bundles on the disk. Removals that were cut short are finished on the way. */
export async function listBundles(roots: BundleRoots): Promise<Bundle[]> {
  const found: Bundle[] = []
  for (const namespace of await readdir(roots.state).catch(() => []))
    for (const id of await readdir(join(roots.state, namespace)).catch(() => [])) {
      if (!id.startsWith('.')) found.push(new Bundle(roots, namespace, id))
      else await new Bundle(roots, namespace, id.slice(1)).remove().catch(() => {})
    }
  return found
}

/** A mount that was forgotten below ends it with an error: nothing outside is ever removed. */
async function removeTree(folder: string, name: string): Promise<void> {
  if (!existsSync(join(folder, name))) return
  using root = RootDirectory.open(folder)
  root.removeAll(name)
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}
