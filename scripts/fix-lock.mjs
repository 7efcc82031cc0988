// SPDX-License-Identifier: Apache-2.0
// Completes package-lock.json after npm changed it: a registry that lacks some platform's optional package makes npm
// drop its entry, and then `npm ci` calls the lock out of date everywhere. And takes the versions of Node out of it: the
// Node that runs things here is installed by `npm ci` itself, so that a warning about the one that runs npm means
// nothing. Run it after every `npm install`.
import { readFileSync, writeFileSync } from 'node:fs'

const systems = new Map(
  ['darwin', 'linux', 'win32', 'freebsd', 'android', 'openharmony']
    .map((name) => [name, name])
    .concat([['windows', 'win32']]),
)
const processors = new Map(
  ['x64', 'arm64', 'ia32', 'arm', 'ppc64', 'riscv64', 's390x', 'loong64', 'mips64el']
    .map((name) => [name, name])
    .concat([
      ['aarch64', 'arm64'],
      ['armv7', 'arm'],
      ['wasm32', 'wasm32'],
    ]),
)

/** Whether `name` resolves from the folder of the lock entry at `from`, as Node would look it up. */
function resolves(packages, from, name) {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    if (packages[`${folder && `${folder}/`}node_modules/${name}`]) return true
    if (folder === '') return false
  }
}

/** The entry npm would have written for a platform package it could not fetch. */
function placeholder(name, version, dev) {
  const words = name.replace(/^@[^/]+\//, '').split(/[-.]/)
  const cpu = words.map((word) => processors.get(word)).find(Boolean)
  const os = words.map((word) => systems.get(word)).find(Boolean)
  return {
    version,
    ...(cpu && { cpu: [cpu] }),
    ...(dev && { dev: true }),
    ...(os === 'linux' && words.includes('musl') && { libc: ['musl'] }),
    optional: true,
    ...(os && { os: [os] }),
  }
}

const file = new URL('../package-lock.json', import.meta.url)
const lock = JSON.parse(readFileSync(file, 'utf8'))
for (const [path, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    if (/^\d/.test(version) && !resolves(lock.packages, path, name))
      lock.packages[`node_modules/${name}`] = placeholder(name, version, entry.dev)
  }
}
for (const entry of Object.values(lock.packages)) delete entry.engines
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)))
const text = `${JSON.stringify(lock, null, 2)}\n`
if (!process.argv.includes('--check')) writeFileSync(file, text)
else {
  if (text !== readFileSync(file, 'utf8'))
    fail('package-lock.json lacks platform packages, or says versions of Node: run node scripts/fix-lock.mjs')
  // npm reads these from the manifests themselves.
  const workspaces = Object.keys(lock.packages).filter((path) => !/(^|\/)node_modules\//.test(path))
  for (const path of workspaces) {
    const manifest = JSON.parse(readFileSync(new URL(`${path || '.'}/package.json`, file), 'utf8'))
    if (manifest.engines) fail(`${path || 'the root'} has engines in its manifest: the release puts them in`)
  }
}

function fail(why) {
  console.error(why)
  process.exitCode = 1
}
