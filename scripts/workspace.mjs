// SPDX-License-Identifier: Apache-2.0
// What the repository's scripts know of its packages.
import { existsSync, globSync, readFileSync } from 'node:fs'
import path from 'node:path'

/** The repository's root. */
export const root = path.resolve(import.meta.dirname, '..')

/** Every package, with its manifest and its folder relative to the root. */
export function packages() {
  return globSync('packages/*/package.json', { cwd: root })
    .sort()
    .map((file) => ({
      folder: path.dirname(file),
      manifest: JSON.parse(readFileSync(path.join(root, file), 'utf8')),
    }))
}

/** Hand-written TypeScript sources below a folder, relative to the root; generated code and declarations left out. */
export function sources(folder, { tests = false } = {}) {
  return globSync(`${folder}/**/*.ts`, { cwd: root, exclude: (name) => name === 'node_modules' || name === 'dist' })
    .filter((file) => !file.endsWith('.d.ts') && (tests || !file.endsWith('.test.ts')))
    .sort()
}

/** Whether a file is written by a generator, and so exempt from the rules for hand-written code. */
export function isGenerated(file) {
  return /(^|\/)gen\//.test(file) || file.endsWith('native/protocol.h') || /\.generated\.[a-z]+$/.test(file)
}

/**
 * The import edges of one source: specifier, whether it exists at run time, and the names it stars out. A line-based
 * reading is enough because the formatter fixes how imports look.
 */
export function importsOf(text) {
  const edges = []
  const statement =
    /^(import|export)\s+(type\s+)?(?:([\s\S]*?)\s+from\s+)?['"]([^'"]+)['"](?:\s+with\s+\{[^}]*\})?;?$/gm
  for (const [, keyword, typeOnly, clause, specifier] of text.matchAll(statement)) {
    if (keyword === 'export' && clause === undefined) continue
    edges.push({ keyword, specifier, clause: clause ?? '', runtime: !typeOnly && !onlyTypes(clause) })
  }
  for (const [, specifier] of text.matchAll(/\bimport\(\s*'([^']+)'\s*\)/g))
    edges.push({ keyword: 'import', specifier, clause: '', runtime: true, dynamic: true })
  return edges
}

/** Whether every name in a braced clause is marked `type`, so that nothing is left of it at run time. */
function onlyTypes(clause) {
  const names = clause
    ?.match(/^\{([\s\S]*)\}$/)?.[1]
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean)
  return names !== undefined && names.length > 0 && names.every((name) => name.startsWith('type '))
}

/** Reads a source of the repository. */
export function read(file) {
  return readFileSync(path.join(root, file), 'utf8')
}

/** Whether a path exists in the repository. */
export function exists(file) {
  return existsSync(path.join(root, file))
}
