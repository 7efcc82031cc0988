// SPDX-License-Identifier: Apache-2.0
// No run-time import cycles: a group of files that need one another at load time has no first file.
import path from 'node:path'
import { exists, importsOf, isGenerated, read, sources } from '../workspace.mjs'

const files = sources('packages/*/src').filter((file) => !isGenerated(file))
const edges = new Map(files.map((file) => [file, targetsOf(file)]))

/** Files that `file` loads by a relative path. */
function targetsOf(file) {
  return importsOf(read(file))
    .filter(({ specifier, runtime, dynamic }) => runtime && !dynamic && specifier.startsWith('.'))
    .map(({ specifier }) => path.join(path.dirname(file), specifier))
    .filter((target) => exists(target))
}

/** Strongly connected groups of more than one file (Tarjan). */
function cycles() {
  const found = []
  const order = new Map()
  const low = new Map()
  const stack = []
  const visit = (node) => {
    order.set(node, order.size)
    low.set(node, order.get(node))
    stack.push(node)
    for (const next of edges.get(node) ?? []) {
      if (!order.has(next)) visit(next)
      if (stack.includes(next)) low.set(node, Math.min(low.get(node), low.get(next)))
    }
    if (low.get(node) !== order.get(node)) return
    const group = stack.splice(stack.indexOf(node))
    if (group.length > 1 || (edges.get(node) ?? []).includes(node)) found.push(group)
  }
  for (const file of files) if (!order.has(file)) visit(file)
  return found
}

const groups = cycles()
for (const group of groups) console.error(`import cycle: ${group.join(' -> ')}`)
process.exit(groups.length > 0 ? 1 : 0)
