// SPDX-License-Identifier: Apache-2.0
// Each folder of examples/ is a project of its own with a README, which runs by `npm start`, `npm test` or both, in its
// folder, as somebody does who has just cloned the repository. What an example needs beyond Node, such as root, its test
// looks for itself, and is skipped with a word when it is not there.
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import path from 'node:path'
import { exists, read, root } from '../workspace.mjs'

let failed = 0
const words = process.argv.slice(2)
for (const manifest of globSync('examples/*/package.json', { cwd: root }).sort()) {
  const folder = path.dirname(manifest)
  if (words.length > 0 && !words.some((word) => folder.includes(word))) continue
  const { scripts = {} } = JSON.parse(read(manifest))
  const wanted = ['start', 'test'].filter((name) => name in scripts)
  if (wanted.length === 0) fail(`${folder}: has neither npm start nor npm test`)
  if (!exists(`${folder}/README.md`)) fail(`${folder}: has no README.md`)
  for (const name of wanted) {
    const { status, signal, stdout, stderr } = spawnSync('npm', ['run', '--silent', name], {
      cwd: path.join(root, folder),
      encoding: 'utf8',
      timeout: 120_000,
    })
    if (status === 0) console.log(`${folder}: npm ${name}`)
    else fail(`${folder}: npm ${name} ended with ${signal ?? status}\n${stdout}${stderr}`)
  }
}
process.exit(failed > 0 ? 1 : 0)

function fail(text) {
  failed++
  console.error(text)
}
