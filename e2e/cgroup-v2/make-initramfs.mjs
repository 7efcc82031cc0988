// SPDX-License-Identifier: Apache-2.0
// Packs what the virtual machine needs into an initramfs: make-initramfs.mjs FILE [TEST FILE ...]
import { execFileSync } from 'node:child_process'
import {
  copyFileSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { transformSync } from 'esbuild'

const root = path.resolve(import.meta.dirname, '../..')
const [target, ...wanted] = process.argv.slice(2)
if (target === undefined) throw new Error('usage: make-initramfs.mjs FILE [TEST FILE ...]')

const packages = ['errors', 'oci-spec', 'linux', 'ttrpc', 'runtime', 'shim-api', 'shim', 'conformance']
/** Of others: what those packages and their tests load. */
const libraries = ['fast-check', 'pure-rand', '@bufbuild/protobuf']
/** What tests compare with, where it is installed. */
const originals = ['usr/sbin/runc', 'usr/bin/containerd-shim-runc-v2', 'usr/bin/dbus-daemon']
const usual = [
  'packages/linux/test/cgroup*.test.ts',
  'packages/runtime/test/*.test.ts',
  'packages/shim/test/metrics-original.test.ts',
]
const tests = wanted.length > 0 ? wanted : usual
const work = mkdtempSync(path.join(tmpdir(), 'teu-initramfs-'))
try {
  for (const folder of 'bin proc sys dev tmp run root etc mnt usr/bin usr/sbin teu/bin teu/scripts'.split(' '))
    mkdirSync(path.join(work, folder), { recursive: true })
  addBusybox()
  addProgram(process.execPath, 'bin/node')
  for (const name of originals) if (existsSync(`/${name}`)) addProgram(`/${name}`, name)
  for (const name of packages) addPackage(name)
  for (const name of libraries)
    cpSync(path.join(root, 'node_modules', name), path.join(work, 'teu/node_modules', name), { recursive: true })
  for (const name of ['mount-namespace.mjs', 'workspace.mjs'])
    copyFileSync(path.join(root, 'scripts', name), path.join(work, 'teu/scripts', name))
  for (const name of ['init', 'tests']) copyFileSync(path.join(import.meta.dirname, name), path.join(work, name))
  const files = tests.flatMap((pattern) => globSync(pattern, { cwd: root })).sort()
  writeFileSync(path.join(work, 'test-files'), files.map(asJavaScript).join(' '))
  writeFileSync(path.join(work, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n')
  writeFileSync(
    path.join(work, 'teu/bin/teu-runtime'),
    '#!/bin/sh\nexec node /teu/packages/runtime/bin/teu-runtime.js "$@"\n',
    { mode: 0o755 },
  )
  writeFileSync(path.join(work, 'teu/package.json'), '{"type":"module"}')
  execFileSync('sh', ['-c', `cd '${work}' && find . | busybox cpio -o -H newc > '${path.resolve(target)}'`], {
    stdio: ['ignore', 'ignore', 'ignore'],
  })
} finally {
  rmSync(work, { recursive: true, force: true })
}

function addBusybox() {
  copyFileSync('/bin/busybox', path.join(work, 'bin/busybox'))
  for (const applet of execFileSync('/bin/busybox', ['--list'], { encoding: 'utf8' }).split('\n').filter(Boolean))
    if (applet !== 'busybox') symlinkSync('busybox', path.join(work, 'bin', applet))
}

/**
 * Makes plain JavaScript of a package's sources. What Node strips types with is WebAssembly, which is slow under
 * emulation and now and then ends Node by a signal there.
 */
function stripTypes(folder) {
  const manifest = path.join(folder, 'package.json')
  writeFileSync(manifest, asJavaScript(readFileSync(manifest, 'utf8')))
  for (const file of globSync('{src,test}/**/*.ts', { cwd: folder })) {
    const from = path.join(folder, file)
    const { code } = transformSync(readFileSync(from, 'utf8'), { loader: 'ts', target: 'node24' })
    writeFileSync(asJavaScript(from), asJavaScript(code))
    rmSync(from)
  }
}

/** The names of sources in a text, as they are called without types. */
function asJavaScript(text) {
  return text.replace(/\.ts(?=["']|$)/g, '.js')
}

/** A program with the libraries it is linked to, at the paths where the loader looks. */
function addProgram(file, to) {
  copyFileSync(file, path.join(work, to))
  for (const [, library] of execFileSync('ldd', [file], { encoding: 'utf8' }).matchAll(/(\/\S+) \(0x/g)) {
    mkdirSync(path.join(work, path.dirname(library)), { recursive: true })
    copyFileSync(library, path.join(work, library))
  }
}

function addPackage(name) {
  const from = path.join(root, 'packages', name)
  const to = path.join(work, 'teu/packages', name)
  for (const part of ['package.json', 'src', 'test', 'bin', 'dist/bin', 'prebuilt/linux-x64'])
    if (globSync(path.join(from, part)).length > 0)
      cpSync(path.join(from, part), path.join(to, part), { recursive: true })
  stripTypes(to)
  mkdirSync(path.join(work, 'teu/node_modules/@teu'), { recursive: true })
  symlinkSync(`../../packages/${name}`, path.join(work, 'teu/node_modules/@teu', name))
}
