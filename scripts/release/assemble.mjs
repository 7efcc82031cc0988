// SPDX-License-Identifier: Apache-2.0
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { packages, root } from '../workspace.mjs'
import { filesOf } from './pack.mjs'
import { assemblePlatform } from './platform.mjs'

/** Fields that a published manifest has no use for. */
const ownFields = ['scripts', 'devDependencies']
/** Fields that only a published manifest has: in the repository `npm ci` brings the Node, and would only warn. */
const engines = { node: '>=24' }

/**
 * Copies what every package publishes to a folder of its own below `target`, with the manifest that goes out: versions
 * of our own packages are those of this tree, and `@teu/linux` names its platform packages, which no registry had
 * before the release. Answers the folders, platform packages first.
 */
export function assemble(target, processors) {
  rmSync(target, { recursive: true, force: true })
  const all = packages().filter(({ manifest }) => !manifest.private)
  const versions = new Map(all.map(({ manifest }) => [manifest.name, manifest.version]))
  const linux = all.find(({ manifest }) => manifest.name === '@teu/linux')
  const platforms = processors.map((arch) => assemblePlatform(target, arch, linux))
  const lists = filesOf(all.map(({ folder }) => path.join(root, folder)))
  const folders = all.map(({ folder, manifest }, index) => {
    const to = path.join(target, path.basename(folder))
    for (const file of lists[index]) copy(path.join(root, folder, file), path.join(to, file))
    copy(path.join(root, 'LICENSE'), path.join(to, 'LICENSE'))
    const published = publishedManifest(manifest, versions)
    if (manifest.name === '@teu/linux')
      published.optionalDependencies = Object.fromEntries(
        processors.map((arch) => [`@teu/linux-${arch}`, manifest.version]),
      )
    writeFileSync(path.join(to, 'package.json'), `${JSON.stringify(published, null, 2)}\n`)
    return to
  })
  return [...platforms, ...folders]
}

function publishedManifest(manifest, versions) {
  const published = { ...manifest, engines }
  for (const field of ownFields) delete published[field]
  for (const field of ['dependencies', 'peerDependencies', 'optionalDependencies']) {
    if (!published[field]) continue
    published[field] = Object.fromEntries(
      Object.entries(published[field]).map(([name, range]) => [
        name,
        versions.has(name) ? `^${versions.get(name)}` : range,
      ]),
    )
  }
  return published
}

function copy(from, to) {
  mkdirSync(path.dirname(to), { recursive: true })
  copyFileSync(from, to)
}
