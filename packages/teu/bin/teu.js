#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// The program itself is bundled to one CommonJS file: an ESM start costs as much again as Node's own.
import module from 'node:module'

if (Number(process.versions.node.split('.')[0]) < 24) {
  process.stderr.write(`teu: needs Node 24 or newer, this is ${process.versions.node}\n`)
  process.exit(1)
}
module.enableCompileCache?.()
module.createRequire(import.meta.url)('../dist/bin/teu.cjs')
