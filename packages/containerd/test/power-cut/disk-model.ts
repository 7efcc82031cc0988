// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DiskStep } from './disk-log.ts'

interface FileNode {
  kind: 'file'
  data: Buffer
  /** The bytes that the last sync of the file found; undefined before the first sync. */
  synced: Buffer | undefined
}

interface FolderNode {
  kind: 'folder'
  names: Map<string, FileNode | FolderNode>
  /** The entries that the last sync of the folder found. */
  synced: Map<string, FileNode | FolderNode>
}

/**
 * The unsynced changes that a disk has after a power cut. A disk may keep any of them, so these are the corners:
 * nothing; names without bytes, as a journal of metadata leaves them; bytes without names.
 */
export type Survival = 'nothing' | 'names' | 'bytes'

/** Every {@link Survival}. */
export const survivals: readonly Survival[] = ['nothing', 'names', 'bytes']

/** A disk that knows of each file and each folder what is surely on it: what was synced, and no more. */
export class DiskModel {
  readonly #root: FolderNode = newFolder()

  /** Does one step. */
  apply(step: DiskStep): void {
    switch (step.kind) {
      case 'create':
        return this.#put(step.path, { kind: 'file', data: Buffer.alloc(0), synced: undefined })
      case 'mkdir':
        return this.#put(step.path, newFolder())
      case 'write':
        return this.#write(this.#file(step.path), step.offset, step.data)
      case 'truncate':
        return this.#truncate(this.#file(step.path), step.size)
      case 'rename': {
        const node = this.#find(step.path)
        this.#take(step.path)
        return this.#put(step.to, node)
      }
      case 'link':
        return this.#put(step.to, this.#find(step.path))
      case 'unlink':
        return this.#take(step.path)
      case 'rmdir':
        // The kernel makes a folder in the work directory of an overlay, which no call shows.
        if (/\/work\/work$/.test(step.path)) return
        return this.#take(step.path)
      case 'sync':
        return sync(this.#find(step.path))
      case 'syncfs':
        return syncAll(this.#root)
    }
  }

  /** A text that is equal for disks on which the same would be after a power cut. */
  fingerprint(survival: Survival): string {
    const hash = createHash('sha256')
    visit(this.#root, survival, '', (path, content) => hash.update(`${path}\0`).update(content ?? 'folder'))
    return hash.digest('hex')
  }

  /** Makes, below a folder that is there, what would be on the disk after a power cut now. */
  materialize(folder: string, survival: Survival): void {
    visit(this.#root, survival, '', (path, content) => {
      if (content === undefined) mkdirSync(join(folder, path), { mode: 0o700 })
      else writeFileSync(join(folder, path), content, { mode: 0o600 })
    })
  }

  /** The present bytes of a file. */
  read(path: string): Buffer {
    return this.#file(path).data
  }

  #find(path: string): FileNode | FolderNode {
    let node: FileNode | FolderNode | undefined = this.#root
    for (const name of path === '' ? [] : path.split('/'))
      node = node?.kind === 'folder' ? node.names.get(name) : undefined
    assert.ok(node, `${path} is not there`)
    return node
  }

  #file(path: string): FileNode {
    const node = this.#find(path)
    assert.ok(node.kind === 'file', `${path} is no file`)
    return node
  }

  #put(path: string, node: FileNode | FolderNode): void {
    const [folder, name] = this.#place(path)
    folder.names.set(name, node)
  }

  #take(path: string): void {
    const [folder, name] = this.#place(path)
    assert.ok(folder.names.delete(name), `${path} is not there`)
  }

  #place(path: string): [FolderNode, string] {
    const at = path.lastIndexOf('/')
    const folder = this.#find(path.slice(0, Math.max(0, at)))
    assert.ok(folder.kind === 'folder')
    return [folder, path.slice(at + 1)]
  }

  #write(file: FileNode, offset: number, data: Buffer): void {
    if (offset + data.length > file.data.length) this.#truncate(file, offset + data.length)
    data.copy(file.data, offset)
  }

  #truncate(file: FileNode, size: number): void {
    const data = Buffer.alloc(size)
    file.data.copy(data)
    file.data = data
  }
}

function newFolder(): FolderNode {
  return { kind: 'folder', names: new Map(), synced: new Map() }
}

function sync(node: FileNode | FolderNode): void {
  if (node.kind === 'folder') node.synced = new Map(node.names)
  else node.synced = Buffer.from(node.data)
}

function syncAll(node: FileNode | FolderNode): void {
  sync(node)
  if (node.kind === 'folder') for (const child of node.names.values()) syncAll(child)
}

function visit(
  folder: FolderNode,
  survival: Survival,
  path: string,
  found: (path: string, content: Buffer | undefined) => void,
): void {
  const names = survival === 'names' ? folder.names : folder.synced
  for (const [name, node] of [...names].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const at = path === '' ? name : `${path}/${name}`
    if (node.kind === 'file') {
      found(at, contentOf(node, survival))
      continue
    }
    found(at, undefined)
    visit(node, survival, at, found)
  }
}

function contentOf({ data, synced = Buffer.alloc(0) }: FileNode, survival: Survival): Buffer {
  if (survival === 'bytes') return data
  if (survival === 'nothing' || synced.length === 0 || data.length <= synced.length) return synced
  // A file that grew may have its new length and, where nothing was written back, zeros.
  return Buffer.concat([synced, Buffer.alloc(data.length - synced.length)])
}
