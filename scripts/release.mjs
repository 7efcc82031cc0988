// SPDX-License-Identifier: Apache-2.0
// `npm run release -- --registry URL`: builds everything, assembles every package in build/release, checks all of them,
// and publishes those that the registry does not have, each after what it depends on. docs/releasing.md is the page.
//   --registry URL    where to publish; npm's settings say with which credentials
//   --dry-run         everything but publishing; without --registry, nothing is asked of one either
//   --without ARCH    leaves out the platform package of a processor: x64, arm64
import { existsSync, globSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { assemble } from './release/assemble.mjs'
import { buildEverything, processorsToBuild } from './release/build.mjs'
import { problemsOf } from './release/check.mjs'
import { inOrder } from './release/order.mjs'
import { packAll } from './release/pack.mjs'
import { isPublished, publish } from './release/registry.mjs'
import { root } from './workspace.mjs'

const { values } = parseArgs({
  options: {
    registry: { type: 'string' },
    'dry-run': { type: 'boolean', default: false },
    without: { type: 'string', multiple: true, default: [] },
  },
})
const { registry, 'dry-run': isDryRun, without } = values
const say = (text) => process.stdout.write(`${text}\n`)

if (registry === undefined && !isDryRun) refuse('--registry says where to publish; --dry-run only looks')
const pending = globSync('.changeset/*.md', { cwd: root }).filter((file) => path.basename(file) !== 'README.md')
if (pending.length > 0) {
  const text = `${pending.length} changesets are not in the versions yet: npm run bump`
  if (isDryRun) say(`note: ${text}`)
  else refuse(text)
}
const processors = processorsToBuild(without)
if (processors.missing.length > 0) refuse(...processors.missing)
for (const arch of without) say(`left out: @teu/linux-${arch}`)

buildEverything(processors.built)
const folder = path.join(root, 'build/release')
const assembled = inOrder(packAll(folder, assemble(folder, processors.built)))
const problems = (await Promise.all(assembled.map(problemsOf))).flat()
if (problems.length > 0) refuse(...problems, 'nothing was published')
if (!existsSync(path.join(root, '.git'))) say('note: this is no git checkout, so that no commit says what is published')

const known = await Promise.all(assembled.map((one) => registry !== undefined && isPublished(one, registry)))
let published = 0
for (const [index, one] of assembled.entries()) {
  const title = `${one.manifest.name}@${one.manifest.version}`
  const size = `${one.files.length} files, ${Math.ceil(one.size / 1024)} KB`
  if (known[index]) say(`already there: ${title}`)
  else if (isDryRun) say(`would publish: ${title} (${size})`)
  else {
    const failure = publish(one, registry)
    if (failure) refuse(failure, `${published} packages were published before it; the next run goes on from here`)
    say(`published: ${title} (${size})`)
  }
  if (!known[index]) published += 1
}
say(`${assembled.length} packages checked, ${published} ${isDryRun ? 'to publish' : 'published'}`)

/** Ends the program: nothing is published beyond what was said. */
function refuse(...reasons) {
  for (const reason of reasons) console.error(`release: ${reason}`)
  process.exit(1)
}
