// SPDX-License-Identifier: Apache-2.0
import { posix } from 'node:path'
import { StackError } from '@teu/errors'
import type { BindMountPoint, VolumeMountPoint } from './mount-point.ts'

/** Kinds of mount propagation, see mount_namespaces(7). */
export const propagations: readonly string[] = ['private', 'rprivate', 'slave', 'rslave', 'shared', 'rshared']

const kinds: readonly { name: string; values: readonly string[] }[] = [
  { name: 'access', values: ['ro', 'rw'] },
  { name: 'label', values: ['z', 'Z'] },
  { name: 'propagation', values: propagations },
  { name: 'copy', values: ['nocopy'] },
  { name: 'consistency', values: ['consistent', 'cached', 'delegated', 'default'] },
]

/** Names of volumes, as Docker restricts them. */
const volumeName = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/

function invalid(text: string): never {
  throw new StackError('invalid-argument', text)
}

/** Refuses a mount of some type with the reason, in the words of the place where the mount was asked for. */
export type Refuse = (type: string, reason: string) => never

/** The words of a mode, by kind; undefined when a word is unknown or a kind comes twice. */
function modeWords(mode: string): Record<string, string> | undefined {
  const found: Record<string, string> = {}
  for (const word of mode === '' ? [] : mode.split(',')) {
    const kind = kinds.find(({ values }) => values.includes(word))
    if (!kind || kind.name in found) return undefined
    found[kind.name] = word
  }
  return found
}

/** A mount's place in a container: absolute, cleaned, and not the root. */
export function checkTarget(target: string, refuse: (reason: string) => never = invalid): string {
  const clean = posix.normalize(target).replace(/(.)\/+$/, '$1')
  if (clean === '/') refuse("invalid specification: destination can't be '/'")
  if (!target.startsWith('/')) refuse(`invalid mount path: '${target}' mount path must be absolute`)
  if (clean.includes('\0')) refuse('invalid mount path: it contains a NUL byte')
  return clean
}

/** Refuses what cannot be the name of a volume; empty means an anonymous one. */
export function checkVolumeName(name: string): void {
  if (name === '' || volumeName.test(name)) return
  if (name.length === 1) {
    invalid(`create ${name}: volume name is too short, names should be at least two alphanumeric characters`)
  }
  invalid(
    `create ${name}: ${JSON.stringify(name)} includes invalid characters for a local volume name, only ` +
      '"[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path',
  )
}

/**
 * Reads one entry of `Binds`: `source:target[:mode]`, or a target alone for an anonymous volume. A source that is no
 * absolute path names a volume. `invalid-argument` with Docker's texts for everything else.
 */
export function parseBind(text: string): BindMountPoint | VolumeMountPoint {
  const wrong = `invalid volume specification: '${text}'`
  const refuse: Refuse = (type, reason) => invalid(`${wrong}: invalid mount config for type "${type}": ${reason}`)
  const parts = text.split(':')
  const [first = '', second, mode = ''] = parts
  if (first === '' || parts.length > 3) invalid(wrong)
  if (second === undefined) return volumeOf('', targetOf('volume', first, refuse), '', {})
  // A target and a mode: a volume without a source cannot have one.
  if (parts.length === 2 && modeWords(second)) invalid(wrong)
  const words = modeWords(mode) ?? invalid(`invalid mode: ${mode}`)
  const type = first.startsWith('/') ? 'bind' : 'volume'
  const target = targetOf(type, second, refuse)
  if (type === 'bind') {
    if ('copy' in words) refuse('bind', 'field VolumeOptions must not be specified')
    return bindOf(first, target, mode, words)
  }
  if ('propagation' in words) refuse('volume', 'field BindOptions must not be specified')
  checkVolumeName(first)
  return volumeOf(first, target, mode, words)
}

function targetOf(type: string, target: string, refuse: Refuse): string {
  if (target === '') refuse(type, 'field Target must not be empty')
  return checkTarget(target, (reason) => refuse(type, reason))
}

function bindOf(source: string, target: string, mode: string, words: Record<string, string>): BindMountPoint {
  return {
    type: 'bind',
    source: posix.normalize(source),
    target,
    readOnly: words.access === 'ro',
    nonRecursive: false,
    readOnlyNonRecursive: false,
    propagation: words.propagation ?? 'rprivate',
    createSource: true,
    mode,
  }
}

function volumeOf(name: string, target: string, mode: string, words: Record<string, string>): VolumeMountPoint {
  return { type: 'volume', name, target, readOnly: words.access === 'ro', noCopy: 'copy' in words, mode }
}
