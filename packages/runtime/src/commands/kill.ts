// SPDX-License-Identifier: Apache-2.0
import type { Command } from './command.ts'
import { parseSignal } from './signal.ts'

/** `kill`. @internal */
export const command: Command = {
  name: 'kill',
  summary: "send a signal (default SIGTERM) to the container's init",
  usage: '[command options] <container-id> [signal]',
  arguments: { from: 1, to: 2 },
  options: { all: { type: 'boolean', short: 'a', help: 'signal every process of the container' } },
  async run({ runtime, options, positionals }) {
    const [id = '', signal = 'SIGTERM'] = positionals
    // The container comes first: a caller that hears that it is gone need not know about signals.
    await runtime.state(id)
    await runtime.kill(id, parseSignal(signal), { all: options.all === true })
    return 0
  },
}
