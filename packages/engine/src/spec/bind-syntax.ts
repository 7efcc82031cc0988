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

/** The words of a mode, by kind; a word that is unknown or a kind that comes twice is refused. */
function parseMode(mode: string): Record<string, string> {
  const found: Record<string, string> = {}
  for (const word of mode === '' ? [] : mode.split(',')) {
    const kind = kinds.find(({ values }) => values.includes(word))
    if (!kind || kind.name in found) invalid(`invalid mode: ${mode}`)
    found[kind.name] = word
  }
  return found
}

/** A mount's place in a container: absolute, cleaned, and not the root. */
export function checkTarget(target: string): string {
  if (!target.startsWith('/')) {
    invalid(`invalid mount path: '${target}' mount path must be absolute`)
  }
  const clean = posix.normalize(target).replace(/(.)\/+$/, '$1')
  if (clean === '/') invalid("invalid specification: destination can't be '/'")
  if (clean.includes('\0')) invalid('invalid mount path: it contains a NUL byte')
  return clean
}

/**
 * Reads one entry of `Binds`: `source:target[:mode]`, or a target alone for an anonymous volume. A source that is no
 * absolute path names a volume. `invalid-argument` with Docker's texts for everything else.
 */
export function parseBind(text: string): BindMountPoint | VolumeMountPoint {
  const parts = text.split(':')
  if (text === '' || parts.length > 3 || parts.some((part) => part === '')) {
    invalid(`invalid volume specification: '${text}'`)
  }
  if (parts.length === 1) {
    return { type: 'volume', name: '', target: checkTarget(text), readOnly: false, noCopy: false, mode: '' }
  }
  const [source = '', rawTarget = '', mode = ''] = parts
  const words = parseMode(mode)
  const target = checkTarget(rawTarget)
  const readOnly = words.access === 'ro'
  if (source.startsWith('/')) {
    if ('copy' in words) invalid(`invalid mode: ${mode}`)
    return {
      type: 'bind',
      source: posix.normalize(source),
      target,
      readOnly,
      nonRecursive: false,
      readOnlyNonRecursive: false,
      propagation: words.propagation ?? 'rprivate',
      createSource: true,
      mode,
    }
  }
  if (!volumeName.test(source)) {
    invalid(
      `${source} includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path`,
    )
  }
  if ('propagation' in words) invalid(`invalid mode: ${mode}`)
  return { type: 'volume', name: source, target, readOnly, noCopy: 'copy' in words, mode }
}
