// SPDX-License-Identifier: Apache-2.0
// Makes the test images as docker archives, from Debian's packages only, with programs that are not ours:
//   node e2e/images/make-images.mjs DIRECTORY
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

const [target] = process.argv.slice(2)
if (target === undefined) throw new Error('usage: make-images.mjs DIRECTORY')
mkdirSync(target, { recursive: true })

const recipes = { busybox: busyboxRoot, debian: debianRoot }
for (const [name, makeRoot] of Object.entries(recipes)) {
  const archive = path.join(target, `${name}.tar`)
  if (existsSync(archive)) continue
  const work = mkdtempSync(path.join(tmpdir(), `teu-image-${name}-`))
  try {
    const rootfs = path.join(work, 'rootfs')
    mkdirSync(rootfs)
    makeRoot(rootfs)
    writeArchive(name, work, rootfs, archive)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
  process.stdout.write(`made ${archive}\n`)
}

/** The applets of Debian's static busybox, a user besides root, and nothing else. */
function busyboxRoot(rootfs) {
  for (const folder of ['bin', 'etc', 'tmp', 'root', 'home/user', 'proc', 'sys', 'dev', 'var'])
    mkdirSync(path.join(rootfs, folder), { recursive: true })
  copyFileSync('/bin/busybox', path.join(rootfs, 'bin/busybox'))
  for (const applet of execFileSync('/bin/busybox', ['--list'], { encoding: 'utf8' }).split('\n').filter(Boolean))
    if (applet !== 'busybox') symlinkSync('busybox', path.join(rootfs, 'bin', applet))
  writeFileSync(
    path.join(rootfs, 'etc/passwd'),
    'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/home/user:/bin/sh\n',
  )
  writeFileSync(path.join(rootfs, 'etc/group'), 'root:x:0:\nuser:x:1000:\nextra:x:2000:user\n')
  execFileSync('chmod', ['1777', path.join(rootfs, 'tmp')])
}

function debianRoot(rootfs) {
  execFileSync('debootstrap', ['--variant=minbase', 'bookworm', rootfs], { stdio: ['ignore', 'ignore', 'inherit'] })
  rmSync(path.join(rootfs, 'var/cache/apt/archives'), { recursive: true, force: true })
  rmSync(path.join(rootfs, 'var/lib/apt/lists'), { recursive: true, force: true })
}

/** A docker archive of one layer, with times that do not change from run to run. */
function writeArchive(name, work, rootfs, archive) {
  const layer = path.join(work, 'layer.tar')
  execFileSync('tar', ['-C', rootfs, '--sort=name', '--mtime=@0', '--numeric-owner', '-cf', layer, '.'])
  const config = JSON.stringify({
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    os: 'linux',
    created: '1970-01-01T00:00:00Z',
    config: { Cmd: ['sh'], Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'] },
    rootfs: { type: 'layers', diff_ids: [`sha256:${createHash('sha256').update(readFileSync(layer)).digest('hex')}`] },
    history: [{ created: '1970-01-01T00:00:00Z', created_by: `root file system of ${name}` }],
  })
  const id = createHash('sha256').update(config).digest('hex')
  writeFileSync(path.join(work, `${id}.json`), config)
  const manifest = [{ Config: `${id}.json`, RepoTags: [`${name}:latest`], Layers: ['layer.tar'] }]
  writeFileSync(path.join(work, 'manifest.json'), JSON.stringify(manifest))
  execFileSync('tar', [
    '-C',
    work,
    '--sort=name',
    '--mtime=@0',
    '-cf',
    archive,
    `${id}.json`,
    'layer.tar',
    'manifest.json',
  ])
}
