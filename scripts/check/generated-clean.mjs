// SPDX-License-Identifier: Apache-2.0
// Generated files are what their generators write: runs every generator and demands that nothing changed.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { exists, packages, root } from '../workspace.mjs'

const generators = [
  'packages/linux/scripts/generate-protocol.mjs',
  ...packages().map(({ folder }) => `${folder}/scripts/generate.mjs`),
].filter(exists)

/** A digest of every generated file. */
function fingerprint() {
  const files = globSync(
    'packages/*/{src/gen/**/*.ts,src/**/*.generated.ts,native/protocol.h,native/fuzz/*.generated.h}',
    { cwd: root },
  ).sort()
  return new Map(files.map((file) => [file, digest(path.join(root, file))]))
}

function digest(file) {
  return createHash('sha256').update(readFileSync(file)).digest('hex')
}

const before = fingerprint()
for (const generator of generators) {
  const { status, stderr } = spawnSync(process.execPath, [generator], { cwd: root, encoding: 'utf8' })
  if (status === 0) continue
  console.error(`${generator}: ${stderr}`)
  process.exit(1)
}
const after = fingerprint()
const changed = [...new Set([...before.keys(), ...after.keys()])].filter((file) => before.get(file) !== after.get(file))
for (const file of changed) console.error(`${file}: not what its generator writes`)
process.exit(changed.length > 0 ? 1 : 0)
