// SPDX-License-Identifier: Apache-2.0
// A copy of the tree, for what changes sources: the tree that people work in is only read.
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  globSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

/** Folders that the stages of the build write. */
const written = ['packages/*/dist', 'packages/*/prebuilt', 'packages/*/image']
const leftOut = new Set(['node_modules', '.git', 'build', '.nx', '.lerna'])

export class Tree {
  /** The copy's root. */
  folder
  /** A folder for what tests make; it goes with the copy. */
  temporary

  #home
  #kept
  #before

  /**
   * Copies a tree, and builds the copy unless `build` is false. Packages are the copy's own; what npm installed is linked
   * to.
   */
  static copyOf(root, { build = true } = {}) {
    const tree = new Tree()
    try {
      copyFolder(root, tree.folder)
      linkModules(root, tree.folder)
      if (build) tree.#buildAll()
    } catch (error) {
      tree.removeNow()
      throw error
    }
    return tree
  }

  constructor() {
    // Short, because sockets are made below it and their paths have 107 bytes at most.
    this.#home = mkdtempSync(path.join(tmpdir(), 'tree-'))
    this.folder = path.join(this.#home, 'tree')
    this.temporary = path.join(this.#home, 't')
    this.#kept = path.join(this.#home, 'built')
    // The users of a container's user namespace pass through.
    chmodSync(this.#home, 0o755)
    mkdirSync(this.temporary)
    chmodSync(this.temporary, 0o1777)
  }

  /** Takes a guard out, and builds what the entry asks for. Answers what the build said if it failed. */
  remove({ file, guard, instead, build }) {
    const where = path.join(this.folder, file)
    const text = readFileSync(where, 'utf8')
    this.#before = { text, mtime: statSync(where).mtime }
    writeFileSync(
      where,
      text.replace(guard, () => instead),
    )
    return build && this.#build(build)
  }

  /** Puts the guard back that was removed last, and everything that was built without it. */
  restore({ file, build }) {
    const where = path.join(this.folder, file)
    writeFileSync(where, this.#before.text)
    utimesSync(where, this.#before.mtime, this.#before.mtime)
    if (!build) return
    for (const folder of this.#written()) {
      rmSync(path.join(this.folder, folder), { recursive: true, force: true })
      copyFolder(path.join(this.#kept, folder), path.join(this.folder, folder))
    }
  }

  /** Removes the copy. */
  removeNow() {
    rmSync(this.#home, { recursive: true, force: true })
  }

  [Symbol.dispose]() {
    this.removeNow()
  }

  #buildAll() {
    const problem = this.#build([])
    if (problem) throw new Error(`the copy of the tree does not build:\n${problem}`)
    for (const folder of this.#written()) copyFolder(path.join(this.folder, folder), path.join(this.#kept, folder))
  }

  #build(stages) {
    const argv = ['scripts/build.mjs', ...stages]
    const { status, stdout, stderr } = spawnSync(process.execPath, argv, { cwd: this.folder, encoding: 'utf8' })
    return status === 0 ? undefined : `${stdout}${stderr}`
  }

  #written() {
    return globSync(written, { cwd: this.folder })
  }
}

function copyFolder(from, to) {
  const filter = (name) => !leftOut.has(path.basename(name))
  cpSync(from, to, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true, filter })
}

/** Links to every installed package, and to the copy's own packages by the relative links that npm makes for them. */
function linkModules(root, copy) {
  const [from, to] = [path.join(root, 'node_modules'), path.join(copy, 'node_modules')]
  const link = (name) => {
    const installed = path.join(from, name)
    const isWorkspace = lstatSync(installed).isSymbolicLink()
    symlinkSync(isWorkspace ? readlinkSync(installed) : installed, path.join(to, name))
  }
  mkdirSync(to)
  for (const name of readdirSync(from)) {
    if (!name.startsWith('@')) {
      link(name)
      continue
    }
    mkdirSync(path.join(to, name))
    for (const scoped of readdirSync(path.join(from, name))) link(path.join(name, scoped))
  }
}
