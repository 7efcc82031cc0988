// SPDX-License-Identifier: Apache-2.0
import { constants } from 'node:os'

/** Signals that are about this process alone, or that no process can catch. */
const ownSignals = new Set(['SIGCHLD', 'SIGPIPE', 'SIGURG', 'SIGKILL', 'SIGSTOP', 'SIGPROF'])

/** Signals that Node answers itself or that a debugger uses; listening would break more than it forwards. */
const faults = new Set(['SIGSEGV', 'SIGBUS', 'SIGFPE', 'SIGILL', 'SIGTRAP', 'SIGABRT', 'SIGIOT'])

/**
 * Forwards every signal this process gets, by its name without `SIG`, until the returned function is called. A
 * failure to forward is dropped: the container may have ended already.
 */
export function proxySignals(forward: (name: string) => Promise<void>): () => void {
  const numbers = new Set<number>()
  const listeners = Object.entries(constants.signals)
    .filter(
      ([name, number]) => !ownSignals.has(name) && !faults.has(name) && !numbers.has(number) && numbers.add(number),
    )
    .map(([name]) => {
      const listener = () => void forward(name.slice('SIG'.length)).catch(() => {})
      return [name as NodeJS.Signals, listener] as const
    })
  for (const [name, listener] of listeners) process.on(name, listener)
  return () => {
    for (const [name, listener] of listeners) process.off(name, listener)
  }
}
