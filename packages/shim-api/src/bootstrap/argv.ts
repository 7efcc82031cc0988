// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'

/** What a shim is asked to do: `serve` is the absence of an action word. @public */
export type ShimAction = 'start' | 'delete' | 'serve' | 'version' | 'info'

/** The command line of a shim. @public */
export interface ShimArguments {
  readonly action: ShimAction
  readonly namespace: string
  /** The task for which the shim is called. */
  readonly id: string
  /** Containerd's gRPC address. */
  readonly address: string
  /** The program that publishes events for a shim without ttrpc. */
  readonly publishBinary: string
  /** Only on delete; else the working directory is the bundle. */
  readonly bundle: string
  /** Where to listen; empty for an inherited descriptor or the shim's own choice. */
  readonly socket: string
  readonly debug: boolean
}

const valueFlags = {
  namespace: 'namespace',
  id: 'id',
  address: 'address',
  'publish-binary': 'publishBinary',
  bundle: 'bundle',
  socket: 'socket',
} as const

/**
 * Reads a shim's command line: flags in Go's form (`-id X`, `-id=X`, `--id X`), then at most one action word. Throws
 * `invalid-argument` on anything else. Which flags an action needs is for the shim to say.
 *
 * @public
 */
export function parseShimArguments(argv: readonly string[]): ShimArguments {
  const parsed = { namespace: '', id: '', address: '', publishBinary: '', bundle: '', socket: '', debug: false }
  let action: ShimAction = 'serve'
  let index = 0
  for (; index < argv.length; index++) {
    const word = argv[index] as string
    if (!word.startsWith('-') || word === '-') break
    if (word === '--') {
      index++
      break
    }
    const [flag, inline] = splitFlag(word)
    if (flag === 'debug') parsed.debug = inline === undefined || inline === 'true'
    else if (flag === 'v' || flag === 'version') action = 'version'
    else if (flag === 'info') action = 'info'
    else if (Object.hasOwn(valueFlags, flag)) {
      const value = inline ?? argv[++index]
      if (value === undefined) throw new StackError('invalid-argument', `flag needs an argument: -${flag}`)
      parsed[valueFlags[flag as keyof typeof valueFlags]] = value
    } else throw new StackError('invalid-argument', `flag provided but not defined: -${flag}`)
  }
  const words = argv.slice(index)
  if (words.length > 1) throw new StackError('invalid-argument', `too many arguments: ${words.join(' ')}`)
  const [word] = words
  if (word === 'start' || word === 'delete') action = word
  else if (word !== undefined && word !== '') throw new StackError('invalid-argument', `unknown action: ${word}`)
  return { ...parsed, action }
}

/** The command line that calls a shim: the inverse of {@link parseShimArguments}, in containerd's order. @public */
export function formatShimArguments(arguments_: Partial<ShimArguments> & Pick<ShimArguments, 'action'>): string[] {
  const argv: string[] = []
  const order = ['namespace', 'address', 'publish-binary', 'id', 'bundle', 'socket'] as const
  for (const flag of order) {
    const value = arguments_[valueFlags[flag]]
    if (value !== undefined && value !== '') argv.push(`-${flag}`, value)
  }
  if (arguments_.debug === true) argv.push('-debug')
  if (arguments_.action === 'version') argv.push('-v')
  else if (arguments_.action === 'info') argv.push('-info')
  else if (arguments_.action !== 'serve') argv.push(arguments_.action)
  return argv
}

function splitFlag(word: string): [string, string | undefined] {
  const bare = word.replace(/^--?/, '')
  const at = bare.indexOf('=')
  return at < 0 ? [bare, undefined] : [bare.slice(0, at), bare.slice(at + 1)]
}
