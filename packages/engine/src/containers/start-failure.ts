// SPDX-License-Identifier: Apache-2.0
import { codeOf, type ErrorCode, messageOf, StackError } from '@teu/errors'
import { commandOf } from '../spec/merge-config.ts'
import type { Container } from './container.ts'

/** Why a start failed, and the exit code that stands for it. */
export interface StartFailure {
  error: StackError
  exitCode: number
}

const notFound = ['executable file not found', 'no such file or directory', 'system cannot find the file specified']
const notExecutable = ['permission denied', 'not a directory', 'is a directory', 'exec format error']

/**
 * The failure of a start as users know it. Clients read the exit code off the text: 127 for a command that does not
 * exist, 126 for one that cannot be run, 128 for everything else. A command of the user's that is at fault is
 * `invalid-argument`.
 */
export function describeStartFailure(error: unknown, container: Container): StartFailure {
  const message = messageOf(error)
  const [command = ''] = commandOf(container.record.config)
  const missing = notFound.some((text) => message.includes(text))
  const refused = notExecutable.some((text) => message.includes(text))
  const exitCode = missing ? 127 : refused ? 126 : 128
  const usersFault = message.includes(command) && (missing || refused)
  const code: ErrorCode = usersFault ? 'invalid-argument' : classOf(error)
  const fromShim = message.startsWith('failed to create shim') || /OCI runtime (create|start) failed/.test(message)
  const text = fromShim ? `failed to create task for container: ${message}` : message
  return { error: new StackError(code, text, { cause: error }), exitCode }
}

/** Classes that mean something of our own seam; containerd's others would say it of the wrong object. */
function classOf(error: unknown): ErrorCode {
  const code = codeOf(error)
  if (code === 'not-found') return /^network \S+ not found$/.test(messageOf(error)) ? code : 'unknown'
  return code === 'invalid-argument' || code === 'conflict' ? code : 'unknown'
}
