// SPDX-License-Identifier: Apache-2.0
// Holds the direction of imports between packages: layers never import one another, contracts stand on the
// foundation only, and every exception is one named file. The table is import-law.json.
import { readFileSync } from 'node:fs'
import { importsOf, read, sources } from '../workspace.mjs'

const law = JSON.parse(readFileSync(new URL('import-law.json', import.meta.url), 'utf8'))
const problems = []
const used = new Set()

for (const [name, allowed] of Object.entries(law.allowed)) {
  for (const file of sources(`packages/${name}/src`, { tests: true })) {
    for (const { specifier } of importsOf(read(file))) {
      const target = packageOf(specifier)
      if (target === undefined || target === name || allowed === '*' || allowed.includes(target)) continue
      const exception = law.exceptions.find(({ from, to }) => from === file && to === specifier)
      if (exception) used.add(exception)
      else if (!file.endsWith('.test.ts')) problems.push(`${file}: ${name} may not import ${specifier}`)
    }
  }
}
for (const { from } of law.exceptions.filter((exception) => !used.has(exception)))
  problems.push(`import-law.json: the exception for ${from} is not used, take it out`)

/** The package of ours that a specifier names. */
function packageOf(specifier) {
  if (specifier === 'teu' || specifier.startsWith('teu/')) return 'teu'
  return specifier.match(/^@teu\/([^/]+)/)?.[1]
}

for (const problem of problems) console.error(problem)
process.exit(problems.length > 0 ? 1 : 0)
