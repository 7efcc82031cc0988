// SPDX-License-Identifier: Apache-2.0
// Writes oclif.manifest.json: every command as oclif lists it, so that help needs no command to be loaded.
//   node --conditions=teu-source scripts/write-manifest.mjs
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { manifest } from '../src/oclif/manifest.ts'

const file = fileURLToPath(new URL('../oclif.manifest.json', import.meta.url))
writeFileSync(file, `${JSON.stringify(manifest(), null, 2)}\n`)
