// SPDX-License-Identifier: Apache-2.0
// `npm run soak -w packages/image-registry [-- SECONDS]`: ten minutes unless told otherwise.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { soak } from './soak.ts'

const seconds = Number(process.argv[2] ?? 600)
const directory = await mkdtemp(path.join(tmpdir(), 'teu-soak-'))
try {
  const result = await soak(directory, seconds * 1000, (line) => process.stderr.write(`${line}\n`))
  process.stdout.write(`${JSON.stringify(result, undefined, 2)}\n`)
  if (result.endBytes !== result.liveBytes) throw new Error('space did not return to the live set')
} finally {
  await rm(directory, { recursive: true })
}
