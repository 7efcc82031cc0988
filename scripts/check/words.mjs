// SPDX-License-Identifier: Apache-2.0
// Words that have no place in the tree: unfinished work, names that say nothing, and platform-less file names.
import { globSync } from 'node:fs'
import path from 'node:path'
import { isGenerated, read, root } from '../workspace.mjs'

const unfinished = new RegExp(
  `\\b(${['TO', 'FIX'].map((half) => half + (half === 'TO' ? 'DO' : 'ME')).join('|')}|${'X'.repeat(3)})\\b`,
)
const bags = /^(utils?|helpers?|common|misc|shared)(\.|$)/
let failed = false
const complain = (text) => {
  failed = true
  console.error(text)
}

for (const file of globSync('{packages,examples,e2e,benchmarks,scripts,docs}/**/*.{ts,mjs,c,h,md,json,proto}', {
  cwd: root,
  exclude: (name) => ['node_modules', 'dist', 'build', 'prebuilt', 'testdata'].includes(name),
})) {
  if (isGenerated(file)) continue
  for (const part of file.split(path.sep)) if (bags.test(part)) complain(`${file}: a name that says nothing: ${part}`)
  if (unfinished.test(read(file))) complain(`${file}: unfinished work`)
}
process.exit(failed ? 1 : 0)
