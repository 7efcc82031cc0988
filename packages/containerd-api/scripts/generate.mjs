// SPDX-License-Identifier: Apache-2.0
// Writes src/gen from proto/ with buf and ts-proto, both local: no network is used. The result is committed.
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')
const bin = resolve(root, '../../node_modules/.bin')
const out = join(root, 'src/gen')

rmSync(out, { recursive: true, force: true })
execFileSync(join(bin, 'buf'), ['generate'], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, PATH: `${bin}:${process.env.PATH}` },
})
for (const name of readdirSync(out, { recursive: true })) {
  if (!name.endsWith('.ts')) continue
  const file = join(out, name)
  const text = readFileSync(file, 'utf8').replace('/** SPDX-License-Identifier: Apache-2.0 */\n\n', '')
  // The well-known types come with buf, and so do their comments: those are not ours to publish.
  const own = name.startsWith('google/protobuf/') ? text.replaceAll(/^ *\/\*\*.*?\*\/\n/gms, '') : text
  writeFileSync(file, `// SPDX-License-Identifier: Apache-2.0\n${own}`)
}
