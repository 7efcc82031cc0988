// SPDX-License-Identifier: Apache-2.0
// The fuzzers of native/fuzz, and how each is compiled.
import { spawnSync } from 'node:child_process'
import { globSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const packageFolder = dirname(dirname(fileURLToPath(import.meta.url)))
const nativeFolder = join(packageFolder, 'native')
const flags = [
  '-std=gnu11',
  '-g',
  '-O1',
  '-Wall',
  '-Wextra',
  '-Werror',
  '-fno-sanitize-recover=all',
  '-I',
  nativeFolder,
]

/** By name: what is compiled besides `fuzz/<name>.c`, and the longest input that makes sense. */
export const targets = {
  'launch-program': { sources: ['init/record.c', 'init/channel.c'], maximumLength: 8192 },
  'monitor-config': { sources: ['init/record.c', 'monitor/config.c'], maximumLength: 2048 },
  messages: { sources: ['init/record.c'], maximumLength: 512 },
  front: { sources: ['front/json.c', 'front/input.c'], maximumLength: 2048 },
  passwd: {
    sources: globSync('init/*.c', { cwd: nativeFolder }).filter((name) => name !== 'init/execute.c'),
    maximumLength: 2048,
  },
}

/** Where the inputs of a target are kept. */
export function corpusOf(name) {
  const folder = join(nativeFolder, 'fuzz/corpus', name)
  mkdirSync(folder, { recursive: true })
  return folder
}

/** Compiles a target. With libFuzzer that takes clang; without it any compiler that has the sanitizers, and replay.c. */
export function compile(name, output, { compiler, libFuzzer }) {
  const sanitizers = `-fsanitize=${libFuzzer ? 'fuzzer,' : ''}address,undefined`
  const sources = [`fuzz/${name}.c`, ...targets[name].sources, ...(libFuzzer ? [] : ['fuzz/replay.c'])]
  const paths = sources.map((source) => join(nativeFolder, source))
  return spawnSync(compiler, [...flags, sanitizers, ...paths, '-o', output], { encoding: 'utf8' })
}
