// SPDX-License-Identifier: Apache-2.0
import { constants } from 'node:os'

// Those that cannot be caught, that are about this process itself, and that change what a terminal shows.
const kept: ReadonlySet<string> = new Set([
  'SIGKILL',
  'SIGSTOP',
  'SIGCHLD',
  'SIGPIPE',
  'SIGURG',
  'SIGPROF',
  'SIGSEGV',
  'SIGBUS',
  'SIGFPE',
  'SIGILL',
  'SIGABRT',
  'SIGIOT',
  'SIGTRAP',
  'SIGSYS',
  'SIGSTKFLT',
  'SIGPOLL',
  'SIGIO',
  'SIGWINCH',
  'SIGTTIN',
  'SIGTTOU',
])

/**
 * Passes every signal that this process gets on to the container until disposed. `send` may fail: the container may
 * just have ended.
 *
 * @internal
 */
export function forwardSignals(send: (signal: number) => Promise<void>): Disposable {
  const listeners: [NodeJS.Signals, () => void][] = []
  for (const [name, number] of Object.entries(constants.signals) as [NodeJS.Signals, number][]) {
    if (kept.has(name)) continue
    const listener = () => void send(number).catch(() => {})
    process.on(name, listener)
    listeners.push([name, listener])
  }
  return {
    [Symbol.dispose]() {
      for (const [name, listener] of listeners) process.off(name, listener)
    },
  }
}
