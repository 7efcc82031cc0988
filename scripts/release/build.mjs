// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process'
import { packages, root } from '../workspace.mjs'

/** Where there is a platform package, and the compiler that makes it on another machine. */
const compilers = { x64: 'x86_64-linux-gnu-gcc', arm64: 'aarch64-linux-gnu-gcc' }
const debianPackages = { x64: 'gcc-x86-64-linux-gnu', arm64: 'gcc-aarch64-linux-gnu' }

/** The processors that can be built for, and for each that cannot and was not left out, why. */
export function processorsToBuild(leftOut) {
  const wrong = leftOut.filter((arch) => !(arch in compilers)).map((arch) => `no platform package is for ${arch}`)
  const wanted = Object.keys(compilers).filter((arch) => !leftOut.includes(arch))
  const lacking = wanted.filter((arch) => arch !== process.arch && !hasProgram(compilers[arch]))
  const missing = lacking.map(
    (arch) =>
      `@teu/linux-${arch} cannot be built: there is no ${compilers[arch]}; install ${debianPackages[arch]}, or leave it out with --without ${arch}`,
  )
  const built = wanted.filter((arch) => !lacking.includes(arch))
  if (built.length === 0) wrong.push('no platform package is left')
  return { built, missing: [...wrong, ...missing] }
}

/** Builds the native files of each processor, then all that is published of sources. Ends the program when one fails. */
export function buildEverything(processors) {
  const node = process.execPath
  for (const arch of processors) run(node, 'packages/linux/scripts/build-native.mjs', '--arch', arch)
  run('node_modules/.bin/tsc', '--build', ...packages().map(({ folder }) => folder))
  run(node, 'scripts/build.mjs', 'programs', 'images')
}

function run(file, ...argv) {
  const { status, error } = spawnSync(file, argv, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
  if (error) throw error
  if (status !== 0) process.exit(status ?? 1)
}

function hasProgram(name) {
  return spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0
}
