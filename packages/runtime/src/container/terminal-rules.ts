// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import type { Process } from '@teu/oci-spec/runtime'

/** A process with a terminal needs somebody to take it, and one without has nothing to give. @internal */
export function checkConsole(process: Pick<Process, 'terminal'>, consoleSocket: string | undefined): void {
  if (process.terminal && consoleSocket === undefined) {
    const message = 'cannot allocate tty if runc will detach without setting console socket'
    throw new StackError('invalid-argument', message)
  }
  if (!process.terminal && consoleSocket !== undefined) throw unusedConsole()
}

/** In the foreground the terminal is the caller's own, so that nobody else may ask for it. @internal */
export function checkForegroundConsole(consoleSocket: string | undefined): void {
  if (consoleSocket !== undefined) throw unusedConsole()
}

function unusedConsole(): StackError {
  return new StackError('invalid-argument', 'cannot use console socket if runc will not detach or allocate tty')
}
