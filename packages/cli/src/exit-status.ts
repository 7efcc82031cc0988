// SPDX-License-Identifier: Apache-2.0
import { codeOf, messageOf } from '@teu/errors'

/**
 * A failure whose exit status and text the command line already decided. Everything else that a command throws ends
 * as status 1 with its message on standard error.
 *
 * @public
 */
export class ExitError extends Error {
  /** The status the process ends with, 1 to 255. */
  readonly status: number

  /** `message` may be empty: then nothing is printed, as when a container's own exit status is passed on. */
  constructor(status: number, message = '', options: { cause?: unknown } = {}) {
    super(message, options)
    this.name = 'ExitError'
    this.status = status
  }
}

/** A usage error: any flag that could not be parsed ends with this. */
export const usageStatus = 125

/** The status a failure ends the process with. */
export function exitStatusOf(error: unknown): number {
  return error instanceof ExitError ? error.status : 1
}

/** What is printed for a failure; empty when nothing is. */
export function exitTextOf(error: unknown): string {
  if (error instanceof ExitError) return error.message
  return codeOf(error) === 'cancelled' ? '' : messageOf(error)
}

const notFoundTexts = [
  'executable file not found',
  'no such file or directory',
  'system cannot find the file specified',
]
const notRunnableTexts = ['permission denied', 'is a directory']

/**
 * The status of `run` when the container could not be created or started: 127 when its program is missing, 126 when
 * it may not be executed, else 125. The engine tells the cases apart by text alone.
 */
export function startFailureStatus(message: string): number {
  if (notFoundTexts.some((text) => message.includes(text))) return 127
  if (notRunnableTexts.some((text) => message.includes(text))) return 126
  return usageStatus
}
