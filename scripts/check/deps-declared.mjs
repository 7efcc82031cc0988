// SPDX-License-Identifier: Apache-2.0
// Declared is used and used is declared: every package that a source imports at run time stands in its manifest, and
// every dependency in a manifest is imported somewhere; only the meta-package installs layers that it does not import.
import { builtinModules } from 'node:module'
import { importsOf, packages, read, sources } from '../workspace.mjs'

const builtins = new Set(builtinModules)
const problems = []
for (const { folder, manifest } of packages()) {
  const published = { ...manifest.dependencies, ...manifest.peerDependencies, ...manifest.optionalDependencies }
  const used = new Set()
  for (const file of sources(`${folder}/src`, { tests: true })) {
    for (const { specifier, runtime } of importsOf(read(file))) {
      const name = dependencyOf(specifier)
      if (name === undefined || name === manifest.name) continue
      used.add(name)
      const test = file.endsWith('.test.ts')
      if (name in published) continue
      if (name in (manifest.devDependencies ?? {}) && (test || !runtime)) continue
      problems.push(`${file}: ${name} is not declared in ${folder}/package.json`)
    }
  }
  for (const file of sources(`${folder}/test`, { tests: true }))
    for (const { specifier } of importsOf(read(file))) used.add(dependencyOf(specifier))
  for (const name of Object.keys(published))
    if (!used.has(name) && !(manifest.name === 'teu' && name.startsWith('@teu/')))
      problems.push(`${folder}/package.json: ${name} is declared and never imported`)
  for (const name of Object.keys(manifest.devDependencies ?? {}))
    if (!name.startsWith('@types/') && !used.has(name))
      problems.push(`${folder}/package.json: ${name} is never imported`)
}

/** The npm package that a specifier names; nothing for relative paths and Node's own modules. */
function dependencyOf(specifier) {
  if (specifier.startsWith('.') || specifier.startsWith('node:') || builtins.has(specifier)) return undefined
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

for (const problem of problems) console.error(problem)
process.exit(problems.length > 0 ? 1 : 0)
