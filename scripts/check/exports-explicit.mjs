// SPDX-License-Identifier: Apache-2.0
// The public surface is written out: no `export *`, no default exports, nothing inside a package imports its own
// index, every index says what its package is, and every manifest's entry points exist.
import path from 'node:path'
import { exists, importsOf, isGenerated, packages, read, sources } from '../workspace.mjs'

const problems = []
for (const file of sources('packages/*/src').filter((name) => !isGenerated(name))) {
  const text = read(file)
  if (/^export \*/m.test(text)) problems.push(`${file}: export * hides what is exported`)
  if (/^export default\b/m.test(text)) problems.push(`${file}: default exports have no name to search for`)
  for (const { specifier, keyword } of importsOf(text)) {
    if (!specifier.startsWith('.')) continue
    const target = path.join(path.dirname(file), specifier)
    if (keyword === 'import' && path.basename(target) === 'index.ts' && ownIndex(file, target))
      problems.push(`${file}: imports its own package's index`)
  }
}
for (const { folder, manifest } of packages()) {
  for (const [entry, conditions] of Object.entries(manifest.exports)) {
    if (typeof conditions === 'string') continue
    const source = path.join(folder, conditions['teu-source'])
    if (!exists(source)) problems.push(`${folder}: the entry point ${entry} has no source ${source}`)
    else if (!read(source).includes('@packageDocumentation')) problems.push(`${source}: no @packageDocumentation`)
  }
  for (const bin of Object.values(manifest.bin ?? {}))
    if (!exists(path.join(folder, bin))) problems.push(`${folder}: no file ${bin}`)
}

/** Whether `target` is the entry point of the package that `file` is in. */
function ownIndex(file, target) {
  return (
    file.split(path.sep)[1] === target.split(path.sep)[1] && /^packages\/[^/]+\/src\/([^/]+\/)?index\.ts$/.test(target)
  )
}

for (const problem of problems) console.error(problem)
process.exit(problems.length > 0 ? 1 : 0)
