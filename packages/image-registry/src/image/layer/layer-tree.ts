// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import type { TarEntry } from '@teu/oci-spec/archive'
import { linkTargetOf, partsOf, whiteoutOf } from './entry-path.ts'

/** A directory. Without an entry it is only known from what lies in it. @internal */
export interface DirectoryNode {
  kind: 'directory'
  entry: TarEntry | undefined
  layer: number
  children: Map<string, TreeNode>
  /** Whether what is below the tree's lowest layer does not show through. */
  opaque: boolean
  /** The last layer that declared it opaque. */
  hidden: number
}

/** Anything that is no directory; several names may have the same one. @internal */
export interface LeafNode {
  kind: 'leaf'
  entry: TarEntry
  layer: number
  /** Its number among the entries of its layer. */
  ordinal: number
}

/** Something that is to be gone, of which the tree does not know whether it was there. @internal */
export interface WhiteoutNode {
  kind: 'whiteout'
  layer: number
}

/** @internal */
export type TreeNode = DirectoryNode | LeafNode | WhiteoutNode

/** What a directory is like that nobody describes, and that is not one of a lower layer. @internal */
export const plainDirectory: TarEntry = {
  name: '',
  type: 'directory',
  linkName: '',
  mode: 0o755,
  uid: 0,
  gid: 0,
  size: 0,
  mtimeNs: 0n,
  atimeNs: undefined,
  major: 0,
  minor: 0,
  xattrs: new Map(),
}

/** Nodes of one tree. */
const maximumNodes = 1_000_000
/** Symbolic links on the way to one entry, as the kernel has it. */
const maximumLinks = 40

/**
 * What layers come to when they are put on top of each other, held as names and attributes; content stays where it is.
 * Layers are added lowest first. `complete` says that nothing is below the first: what is removed need then not be
 * remembered.
 *
 * @internal
 */
export class LayerTree {
  readonly root: DirectoryNode = newDirectory(undefined, 0, false)
  readonly #complete: boolean
  #nodes = 0

  constructor(complete: boolean) {
    this.#complete = complete
  }

  /** Applies an entry. Throws `invalid-argument` for one that leads out of the root or links to nothing. */
  apply(entry: TarEntry, layer: number, ordinal: number): void {
    if (++this.#nodes > maximumNodes)
      throw new StackError('resource-exhausted', `layers with more than ${maximumNodes} entries`)
    const parts = partsOf(entry)
    const whiteout = whiteoutOf(entry, parts)
    if (whiteout?.kind === 'nothing') return
    const name = parts.pop()
    if (name === undefined) {
      this.root.entry = entry
      return
    }
    const parent = this.#directory(parts, layer)
    if (whiteout?.kind === 'opaque') this.#hide(parent, layer)
    else if (whiteout !== undefined) this.#remove(parent, whiteout.name, layer)
    else if (entry.type === 'directory') this.#addDirectory(parent, name, entry, layer)
    else parent.children.set(name, this.#leaf(entry, layer, ordinal))
  }

  #leaf(entry: TarEntry, layer: number, ordinal: number): LeafNode {
    if (entry.type !== 'hardlink') return { kind: 'leaf', entry, layer, ordinal }
    const target = this.#lookUp(linkTargetOf(entry))
    // The name shares what it leads to now, whatever becomes of the other name later.
    if (target?.kind === 'leaf') return target
    if (this.#complete || target !== undefined)
      throw new StackError(
        'invalid-argument',
        `layer entry ${quoted(entry.name)} links to ${quoted(entry.linkName)}, which is no file`,
      )
    return { kind: 'leaf', entry, layer, ordinal }
  }

  #addDirectory(parent: DirectoryNode, name: string, entry: TarEntry, layer: number): void {
    const before = parent.children.get(name)
    if (before?.kind === 'directory') {
      before.entry = entry
      before.layer = layer
    } else parent.children.set(name, newDirectory(entry, layer, before !== undefined))
  }

  /** The directory of a path, made where it is missing, through the symbolic links on the way. */
  #directory(parts: readonly string[], layer: number): DirectoryNode {
    const way = this.#walk(parts, (directory, name) => {
      const before = directory.children.get(name)
      const made = newDirectory(before && plainDirectory, layer, before !== undefined)
      directory.children.set(name, made)
      return made
    })
    return way as DirectoryNode
  }

  #lookUp(parts: readonly string[]): TreeNode | undefined {
    const name = parts.at(-1) as string
    return this.#walk(parts.slice(0, -1), () => undefined)?.children.get(name)
  }

  /** Goes down a path; `missing` says what is in place of what is no directory. Nothing leads above the root. */
  #walk(
    parts: readonly string[],
    missing: (directory: DirectoryNode, name: string) => DirectoryNode | undefined,
  ): DirectoryNode | undefined {
    let way: DirectoryNode[] = [this.root]
    const ahead = [...parts].reverse()
    for (let links = 0; ahead.length > 0; ) {
      const name = ahead.pop() as string
      if (name === '' || name === '.') continue
      if (name === '..') {
        if (way.length > 1) way.pop()
        continue
      }
      const directory = way.at(-1) as DirectoryNode
      const node = directory.children.get(name)
      if (node?.kind === 'leaf' && node.entry.type === 'symlink') {
        if (++links > maximumLinks)
          throw new StackError(
            'invalid-argument',
            `layer entry ${quoted(parts.join('/'))} lies behind links without end`,
          )
        if (node.entry.linkName.startsWith('/')) way = [this.root]
        ahead.push(...node.entry.linkName.split('/').reverse())
        continue
      }
      const next = node?.kind === 'directory' ? node : missing(directory, name)
      if (next === undefined) return undefined
      way.push(next)
    }
    return way.at(-1)
  }

  /** A whiteout is about lower layers only, wherever in its own layer it stands. */
  #remove(parent: DirectoryNode, name: string, layer: number): void {
    const node = parent.children.get(name)
    const left = node === undefined || node.kind === 'whiteout' ? undefined : pruned(node, layer)
    if (left !== undefined) parent.children.set(name, left)
    else if (this.#complete) parent.children.delete(name)
    else parent.children.set(name, { kind: 'whiteout', layer })
  }

  #hide(directory: DirectoryNode, layer: number): void {
    directory.opaque = true
    // Said once or a thousand times, it costs the same.
    if (directory.hidden === layer) return
    directory.hidden = layer
    pruneChildren(directory, layer)
  }
}

function newDirectory(entry: TarEntry | undefined, layer: number, opaque: boolean): DirectoryNode {
  return { kind: 'directory', entry, layer, children: new Map(), opaque, hidden: -1 }
}

/** What of a node is of this layer; what is left of a directory then hides what is below. */
function pruned(node: TreeNode, layer: number): TreeNode | undefined {
  if (node.kind !== 'directory') return node.layer < layer ? undefined : node
  pruneChildren(node, layer)
  if (node.layer < layer && node.children.size === 0) return undefined
  if (node.layer < layer) node.entry = plainDirectory
  node.opaque = true
  return node
}

function pruneChildren(directory: DirectoryNode, layer: number): void {
  for (const [name, child] of directory.children) {
    const left = pruned(child, layer)
    if (left === undefined) directory.children.delete(name)
    else directory.children.set(name, left)
  }
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 256))
}
