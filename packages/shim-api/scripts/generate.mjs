// SPDX-License-Identifier: Apache-2.0
// Writes src/gen from proto. Run it after every change of a .proto file, and commit what it writes.
import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const packageRoot = dirname(import.meta.dirname)
const require = createRequire(import.meta.url)
const programs = [
  join(dirname(require.resolve('ts-proto/package.json')), '..', '.bin'),
  dirname(process.execPath),
  process.env.PATH,
]
execFileSync('buf', ['generate'], {
  cwd: packageRoot,
  stdio: 'inherit',
  env: { ...process.env, PATH: programs.join(':') },
})
