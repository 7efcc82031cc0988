// SPDX-License-Identifier: Apache-2.0
// The list of guards, read and checked against the tree.
import { existsSync, globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

const fields = {
  title: 'string',
  file: 'string',
  guard: 'string',
  instead: 'string',
  tests: 'object',
  because: 'string',
  only: 'string',
  build: 'object',
  deadline: 'number',
}
const optional = ['only', 'build', 'deadline']
const stages = ['native', 'types', 'programs', 'images']

/** Every guard of a tree's list, in the order of its files. */
export async function guards(root) {
  const list = []
  for (const file of globSync('scripts/mutants/guards/*.mjs', { cwd: root }).sort()) {
    const { default: entries } = await import(pathToFileURL(path.join(root, file)).href)
    for (const [index, entry] of entries.entries()) list.push(checked(entry, `${file}, entry ${index + 1}`))
  }
  return list
}

function checked(entry, where) {
  for (const name of Object.keys(entry)) if (!(name in fields)) throw new Error(`${where}: no such field: ${name}`)
  for (const [name, type] of Object.entries(fields)) {
    if (entry[name] === undefined && optional.includes(name)) continue
    // An empty text would be a guard that is everywhere; nothing in its place is the usual removal.
    const empty = name !== 'instead' && (entry[name] === '' || entry[name]?.length === 0)
    if (typeof entry[name] !== type || empty) throw new Error(`${where}: ${name} is missing or not a ${type}`)
  }
  for (const stage of entry.build ?? [])
    if (!stages.includes(stage)) throw new Error(`${where}: no such stage of the build: ${stage}`)
  return entry
}

/** Why an entry does not fit the tree; undefined when its text is there exactly once and its tests exist. */
export function fits(root, { file, guard, instead, tests }) {
  const where = path.join(root, file)
  if (!existsSync(where)) return 'the file is not there'
  const times = readFileSync(where, 'utf8').split(guard).length - 1
  if (times !== 1) return `the text of the guard is there ${times} times, not once`
  if (guard === instead) return 'what stands in its place is the guard itself'
  const missing = tests.filter((test) => !existsSync(path.join(root, test)))
  return missing.length > 0 ? `there is no ${missing.join(', ')}` : undefined
}
