// SPDX-License-Identifier: Apache-2.0
// The machine's own shell and what goes with it, for the root file systems of tests: a test brings its program.
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'

const folders = ['/usr/bin', '/bin', '/usr/sbin', '/sbin']
const usual =
  'cat chmod cut dd echo env false grep head hostname id ionice kill ln ls mkdir mknod mount pwd readlink rm seq sh sleep stat stty tail touch tr true truncate umount uname wc'

/** The path of a program on the machine; undefined when it has none of that name. */
export function machineProgram(name) {
  return folders.map((folder) => path.join(folder, name)).find((file) => existsSync(file))
}

const known = new Map()

export function machineFiles(names = usual.split(' ')) {
  const key = names.join(' ')
  const files = known.get(key) ?? findFiles(names)
  known.set(key, files)
  return files
}

function findFiles(names) {
  const programs = names.map((name) => ({ name, file: machineProgram(name) }))
  const binaries = programs.filter(({ file }) => file !== undefined)
  const { stdout, error } = spawnSync(
    'ldd',
    binaries.map(({ file }) => file),
    { encoding: 'utf8' },
  )
  if (error) throw error
  const libraries = new Set([...stdout.matchAll(/(\/\S+) \(0x/g)].map(([, file]) => file))
  return [
    ...programs.map(({ name, file }) =>
      file === undefined
        ? { path: `bin/${name}`, text: builtin(name) }
        : { path: `bin/${name}`, source: realpathSync(file) },
    ),
    ...[...libraries].map((file) => ({ path: file.slice(1), source: realpathSync(file) })),
  ]
}

/** A command that the shell has built in need not be a program of the machine: `kill` of procps is not everywhere. */
function builtin(name) {
  const { status } = spawnSync('sh', ['-c', 'command -v "$1"', 'sh', name])
  if (status !== 0) throw new Error(`the machine has no ${name}`)
  return `#!/bin/sh\n${name} "$@"\n`
}

export function installMachinePrograms(rootfs, { names, linkedTo } = {}) {
  for (const file of machineFiles(names)) {
    const target = path.join(rootfs, file.path)
    mkdirSync(path.dirname(target), { recursive: true })
    if (linkedTo !== undefined) {
      linkSync(path.join(linkedTo, file.path), target)
      continue
    }
    if (file.text !== undefined) writeFileSync(target, file.text)
    else copyFileSync(file.source, target)
    // As it may be one that gives root on the machine.
    chmodSync(target, 0o755)
  }
}

export function readMachineFile({ source, text }) {
  return text === undefined ? readFileSync(source) : Buffer.from(text)
}
