// SPDX-License-Identifier: Apache-2.0

/**
 * Assembles the platform packages from prebuilt/ into build/npm/ of the repository: `@teu/linux-x64` and
 * `@teu/linux-arm64`, each the native files and nothing that runs at install time. Also writes build/npm/linux, this
 * package with the platform packages as optional dependencies: in the repository they are not listed, because no
 * registry has them before the release.
 *
 *   node packages/linux/scripts/platform-packages.mjs [--arch x64]...
 */
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const packageFolder = dirname(dirname(fileURLToPath(import.meta.url)))
const repository = dirname(dirname(packageFolder))
const target = join(repository, 'build', 'npm')
const files = ['teu_linux.node', 'teu-init', 'teu-shim-front', 'hello']
const manifest = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8'))

const { values } = parseArgs({ options: { arch: { type: 'string', multiple: true, default: ['x64', 'arm64'] } } })
for (const arch of values.arch) assemblePlatform(arch)
assembleMain(values.arch)

function assemblePlatform(arch) {
  const source = join(packageFolder, 'prebuilt', `linux-${arch}`)
  const missing = files.filter((name) => !existsSync(join(source, name)))
  if (missing.length > 0) {
    console.error(`${source} lacks ${missing.join(', ')}: run build-native.mjs --arch ${arch} first`)
    process.exit(1)
  }
  const folder = emptyFolder(`linux-${arch}`)
  for (const name of files) {
    cpSync(join(source, name), join(folder, name))
    chmodSync(join(folder, name), 0o755)
  }
  cpSync(join(repository, 'LICENSE'), join(folder, 'LICENSE'))
  writeFileSync(join(folder, 'README.md'), readme(arch))
  writeJson(folder, {
    name: `@teu/linux-${arch}`,
    version: manifest.version,
    description: `The native files of @teu/linux for Linux on ${arch}`,
    license: manifest.license,
    repository: manifest.repository,
    os: ['linux'],
    cpu: [arch],
    libc: ['glibc'],
    files,
    publishConfig: manifest.publishConfig,
  })
}

function assembleMain(arches) {
  const folder = emptyFolder('linux')
  const isShipped = (path) => !/\.test\.|\.tsbuildinfo$/.test(path)
  for (const name of ['dist', 'src', 'README.md']) {
    const from = join(packageFolder, name)
    if (existsSync(from)) cpSync(from, join(folder, name), { recursive: true, filter: isShipped })
  }
  cpSync(join(repository, 'LICENSE'), join(folder, 'LICENSE'))
  const optionalDependencies = Object.fromEntries(arches.map((arch) => [`@teu/linux-${arch}`, manifest.version]))
  const { scripts, ...published } = manifest
  writeJson(folder, { ...published, optionalDependencies })
}

function readme(arch) {
  return `# @teu/linux-${arch}\n\nThe compiled part of [@teu/linux](https://www.npmjs.com/package/@teu/linux). Install that one.\n`
}

function emptyFolder(name) {
  const folder = join(target, name)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  return folder
}

function writeJson(folder, value) {
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(value, null, 2)}\n`)
  console.log(`assembled ${folder}`)
}
