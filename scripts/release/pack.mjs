// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

/** The files that npm would pack of each folder, relative to it. */
export function filesOf(folders) {
  return npmPack(folders, ['--dry-run']).map(({ files }) => files.map((file) => file.path))
}

/** Packs every folder; answers each with its manifest, its tarball, and what is in it. */
export function packAll(target, folders) {
  const destination = path.join(target, 'tarballs')
  mkdirSync(destination, { recursive: true })
  return npmPack(folders, ['--pack-destination', destination]).map(({ filename, files, size }, index) => ({
    folder: folders[index],
    manifest: JSON.parse(readFileSync(path.join(folders[index], 'package.json'), 'utf8')),
    tarball: path.join(destination, filename),
    files,
    size,
  }))
}

function npmPack(folders, flags) {
  const argv = ['pack', '--json', '--ignore-scripts', '--loglevel=error', ...flags, ...folders]
  const { status, stdout, stderr } = spawnSync('npm', argv, { encoding: 'utf8', maxBuffer: 1 << 28 })
  if (status !== 0) throw new Error(`npm ${argv.slice(0, 4).join(' ')}: ${stderr}`)
  const packed = JSON.parse(stdout)
  // npm answers a list, and since version 12 an object by names; both are in the order that was asked for.
  return Array.isArray(packed) ? packed : Object.values(packed)
}
