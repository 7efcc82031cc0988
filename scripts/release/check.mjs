// SPDX-License-Identifier: Apache-2.0
// Finds the faults of a package before it is published.
import { existsSync, globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { root } from '../workspace.mjs'
import { nativeFiles } from './platform.mjs'

const always = ['package.json', 'README.md', 'LICENSE']
/** Files that a package cannot do without although no entry point names them. */
const needed = { teu: ['image/index.json', 'image/oci-layout'], '@teu/cli': ['oclif.manifest.json'] }
/** The number of a processor in the header of its executables. */
const machines = { x64: 62, arm64: 183 }
const dependencyFields = ['dependencies', 'optionalDependencies', 'peerDependencies']

/** Each problem of an assembled and packed package, as a line. */
export async function problemsOf(one) {
  const { manifest } = one
  const problems = [
    ...missingFiles(one),
    ...forbiddenFiles(one),
    ...installScripts(one),
    ...unresolved(manifest),
    ...(manifest.engines?.node || manifest.cpu ? [] : ['the manifest does not say which Node it needs']),
    ...staleOutput(one),
    ...wrongVersions(one),
    ...(manifest.cpu ? wrongMachine(one) : []),
    ...(await publintMessages(one)),
  ]
  return problems.map((problem) => `${manifest.name}: ${problem}`)
}

function missingFiles({ manifest, files }) {
  const packed = files.map((file) => file.path)
  const bins = Object.values(manifest.bin ?? {}).map((file) => path.normalize(file))
  const expected = [...always, ...(needed[manifest.name] ?? []), ...(manifest.cpu ? nativeFiles : []), ...bins]
  const listed = (manifest.files ?? []).filter((entry) => !entry.startsWith('!'))
  const empty = listed.filter((entry) => !packed.some((file) => file === entry || file.startsWith(`${entry}/`)))
  const notExecutable = files.filter((file) => bins.includes(file.path) && (file.mode & 0o111) !== 0o111)
  return [
    ...expected.filter((file) => !packed.includes(file)).map((file) => `${file} is missing`),
    ...empty.map((entry) => `nothing is in ${entry}, which files of the manifest names`),
    ...notExecutable.map((file) => `${file.path} is a program and not executable`),
  ]
}

function forbiddenFiles({ files }) {
  const forbidden = /\.test\.|\.tsbuildinfo$|(^|\/)(node_modules|test)\/|\.npmrc$|binding\.gyp$/
  return files.filter((file) => forbidden.test(file.path)).map((file) => `${file.path} is not for others`)
}

function installScripts({ manifest }) {
  return Object.keys(manifest.scripts ?? {}).map((name) => `the manifest has a script: ${name}`)
}

/** Ranges that mean something in this repository only. */
function unresolved(manifest) {
  return dependencyFields.flatMap((field) =>
    Object.entries(manifest[field] ?? {})
      .filter(([, range]) => /^(workspace:|file:|link:|git|\*|latest)|^$/.test(range))
      .map(([name, range]) => `${field}.${name} is ${JSON.stringify(range)}, which a registry cannot resolve`),
  )
}

/** Compiled files whose source is gone: the compiler leaves them. */
function staleOutput({ folder, files }) {
  const source = path.join(root, 'packages', path.basename(folder), 'src')
  return files
    .map((file) => /^dist\/(.*?)(\.d\.ts|\.js|\.cjs)(\.map)?$/.exec(file.path)?.[1])
    .filter((name, index, all) => name !== undefined && all.indexOf(name) === index)
    .filter((name) => globSync(`${name}.{ts,mts,cts}`, { cwd: source }).length === 0)
    .map((name) => `dist/${name} has no source: remove dist and build again`)
}

/** Files that say a version of their own. */
function wrongVersions({ folder, manifest }) {
  const file = path.join(folder, 'oclif.manifest.json')
  if (!existsSync(file)) return []
  const { version } = JSON.parse(readFileSync(file, 'utf8'))
  if (version === manifest.version) return []
  return [`oclif.manifest.json is of version ${version}: npm run manifest -w @teu/cli`]
}

function wrongMachine({ folder, manifest }) {
  const [arch] = manifest.cpu
  return nativeFiles
    .filter((name) => existsSync(path.join(folder, name)))
    .filter((name) => readFileSync(path.join(folder, name)).readUInt16LE(18) !== machines[arch])
    .map((name) => `${name} is not for ${arch}`)
}

async function publintMessages({ folder, manifest, files }) {
  // A platform package has no entry point to look at.
  if (manifest.exports === undefined) return []
  const packed = files.map((file) => ({
    name: `package/${file.path}`,
    data: readFileSync(path.join(folder, file.path)),
  }))
  const { messages } = await publint({ pkgDir: 'package', pack: { files: packed }, strict: true, level: 'warning' })
  return messages.map((message) => formatMessage(message, manifest, { color: false }) ?? message.code)
}
