// SPDX-License-Identifier: Apache-2.0
// `npm start`: builds what is missing, then takes the whole walk once, in a network namespace, a mount namespace and
// a data root of its own: an embedded registry on loopback serves `hello`, the daemon pulls and runs it, and what each
// layer did with its time is printed. Nothing is left behind.
import { spawnSync } from 'node:child_process'
import { root } from './workspace.mjs'

if (process.platform !== 'linux' || process.getuid() !== 0) {
  console.error('npm start: namespaces, mounts and cgroups need root on Linux; run it as root')
  process.exit(1)
}
const run = (file, ...argv) => spawnSync(file, argv, { cwd: root, stdio: 'inherit' }).status ?? 1
const built = run(process.execPath, 'scripts/build.mjs')
if (built !== 0) process.exit(built)
const walk = [process.execPath, '--conditions=teu-source', 'scripts/walk.mjs']
process.exit(run('unshare', '--net', '--mount', '--propagation', 'private', ...walk))
