// SPDX-License-Identifier: Apache-2.0

import type { TmpfsOptions } from '@teu/engine-api'
import { StackError } from '@teu/errors'
import { propagations } from './bind-syntax.ts'

/** Words of which the last one given counts. */
const exclusive: readonly (readonly string[])[] = [
  ['exec', 'noexec'],
  ['suid', 'nosuid'],
  ['dev', 'nodev'],
  ['ro', 'rw'],
  ['sync', 'async'],
  ['dirsync'],
  ['atime', 'noatime', 'relatime', 'norelatime', 'strictatime', 'nostrictatime'],
  ['diratime', 'nodiratime'],
  propagations,
]

/** What tmpfs(5) itself understands. */
const dataKeys = ['size', 'mode', 'uid', 'gid', 'nr_inodes', 'nr_blocks', 'mpol']

const defaults: readonly string[] = ['noexec', 'nosuid', 'nodev', 'rprivate']

function groupOf(word: string): string {
  const [key = '', value] = word.split('=', 2)
  if (value !== undefined && dataKeys.includes(key)) return key
  const group = value === undefined ? exclusive.find((words) => words.includes(word)) : undefined
  if (!group) throw new StackError('invalid-argument', `invalid tmpfs option ["${word}"]`)
  return group.join()
}

/**
 * The mount options of a tmpfs: Docker's defaults (`noexec`, `nosuid`, `nodev`, private) with the given words over
 * them. An option that tmpfs does not have is `invalid-argument`.
 */
export function tmpfsOptions(words: readonly string[]): string[] {
  const chosen = new Map<string, string>()
  for (const word of [...defaults, ...words]) chosen.set(groupOf(word), word)
  return [...chosen.values()]
}

/** A size with the greatest suffix that loses nothing, as `64m`. */
function withSuffix(bytes: number): string {
  const suffixes = ['', 'k', 'm', 'g']
  let size = bytes
  let index = 0
  while (index < suffixes.length - 1 && size >= 1024 && size % 1024 === 0) {
    size /= 1024
    index++
  }
  return `${size}${suffixes[index]}`
}

/** The words of the long form, `Mounts[].TmpfsOptions`. */
export function tmpfsWords(options: TmpfsOptions | undefined, readOnly: boolean): string[] {
  const { SizeBytes: size = 0, Mode: mode = 0, Options: extra = [] } = options ?? {}
  if (size < 0)
    throw new StackError('invalid-argument', 'invalid mount config for type "tmpfs": size cannot be negative')
  return [
    ...(readOnly ? ['ro'] : []),
    ...(mode === 0 ? [] : [`mode=${mode.toString(8)}`]),
    ...(size === 0 ? [] : [`size=${withSuffix(size)}`]),
    ...extra.map((pair) => pair.join('=')),
  ]
}
