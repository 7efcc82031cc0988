// SPDX-License-Identifier: Apache-2.0
import { accessSync, constants } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { messageOf, StackError } from '@teu/errors'

/** The values that an argument can name: those that a container's runtime tells its hooks, and the bundle's root. */
interface HookState {
  id: string
  pid: number
  status: string
  bundle: string
  annotations: Record<string, string>
  rootfs: string
}

/** A program with all of its arguments, and the environment. */
export interface HookProgram {
  file: string
  args: string[]
  env: Record<string, string>
}

/**
 * What `oci-hook` runs in its place: the command in `words`, in which, as in the environment, `{{id}}`, `{{bundle}}`,
 * `{{rootfs}}`, `{{pid}}`, `{{status}}` and `{{annotation "NAME"}}` stand for what `input`, the state that a runtime
 * writes to its hooks, and the bundle's `config.json` say. An annotation that is not there is empty.
 *
 * @throws `invalid-argument` when there is no command, it cannot be executed, the state is none, or something else
 *   stands between the braces
 */
export async function hookProgram(
  words: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  input: NodeJS.ReadableStream,
): Promise<HookProgram> {
  if (words.length === 0) throw new StackError('invalid-argument', 'oci-hook: a command is required')
  const state = await readState(input)
  const args = words.map((word) => render(word, state))
  const file = args[0] as string
  try {
    accessSync(file, constants.X_OK)
  } catch (error) {
    throw new StackError('invalid-argument', `oci-hook: exec ${file}: ${messageOf(error)}`, { cause: error })
  }
  const variables = Object.entries(env).map(([name, value = '']) => [name, render(value, state)])
  return { file, args, env: Object.fromEntries(variables) }
}

async function readState(input: NodeJS.ReadableStream): Promise<HookState> {
  const { id, pid, status, bundle, annotations } = parse(await text(input), 'the state')
  if (typeof id !== 'string' || typeof bundle !== 'string') throw noState('it has no id or no bundle')
  const config = join(bundle, 'config.json')
  const { root } = parse(await readFile(config, 'utf8'), config)
  const path = (root as { path?: unknown } | undefined)?.path
  if (typeof path !== 'string') throw new StackError('invalid-argument', `oci-hook: ${config} has no root.path`)
  return {
    id,
    pid: Number(pid ?? 0),
    status: String(status ?? ''),
    bundle,
    annotations: (annotations ?? {}) as Record<string, string>,
    rootfs: isAbsolute(path) ? path : join(bundle, path),
  }
}

function parse(source: string, name: string): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(source)
  } catch (error) {
    throw new StackError('invalid-argument', `oci-hook: ${name}: ${messageOf(error)}`, { cause: error })
  }
  if (typeof value !== 'object' || value === null) throw noState(`${name} is no object`)
  return value as Record<string, unknown>
}

function noState(why: string): StackError {
  return new StackError('invalid-argument', `oci-hook: no state on the standard input: ${why}`)
}

const fields = ['id', 'bundle', 'rootfs', 'pid', 'status'] as const

/** The words of Go's templates that the original defines; the language around them is refused, not printed. */
function render(template: string, state: HookState): string {
  return template.replace(/\{\{(.*?)(\}\}|$)/gs, (whole, action: string, end: string) => {
    const name = action.trim()
    const field = fields.find((candidate) => candidate === name)
    if (end !== '' && field !== undefined) return String(state[field])
    const [, key, raw] = /^annotation\s+(?:("(?:[^"\\]|\\.)*")|`([^`]*)`)$/s.exec(name) ?? []
    if (end === '' || (key === undefined && raw === undefined)) {
      throw new StackError('invalid-argument', `oci-hook: ${JSON.stringify(whole)} stands for nothing`)
    }
    const annotation = raw ?? unquoted(key as string)
    return Object.hasOwn(state.annotations, annotation) ? String(state.annotations[annotation]) : ''
  })
}

function unquoted(text: string): string {
  try {
    return JSON.parse(text) as string
  } catch (error) {
    throw new StackError('invalid-argument', `oci-hook: not a string: ${text}`, { cause: error })
  }
}
