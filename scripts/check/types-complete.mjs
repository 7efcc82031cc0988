// SPDX-License-Identifier: Apache-2.0
// Every TypeScript source belongs to a project that `tsc --build` reads: what is in none is checked by nobody.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { root } from '../workspace.mjs'

const lines = (file, ...args) => execFileSync(file, args, { cwd: root, encoding: 'utf8' }).split('\n').filter(Boolean)

// What a project names itself, without what that imports.
const roots = ['--listFilesOnly', '--noResolve']
const projects = JSON.parse(readFileSync(path.join(root, 'tsconfig.json'), 'utf8')).references
const checked = new Set(
  projects
    .flatMap((project) => lines('node_modules/.bin/tsc', '--project', project.path, ...roots))
    .map((file) => path.relative(root, file)),
)
const forgotten = lines('git', 'ls-files', '*.ts').filter((file) => !file.endsWith('.d.ts') && !checked.has(file))
for (const file of forgotten) console.error(`${file}: in no project of tsconfig.json, so its types are not checked`)
process.exit(forgotten.length > 0 ? 1 : 0)
