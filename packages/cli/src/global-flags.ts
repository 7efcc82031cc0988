// SPDX-License-Identifier: Apache-2.0
import { list, text, toggle } from './flags/kinds.ts'
import type { ParsedFlags } from './grammar/flag.ts'

/** The flags that stand before a command's name. */
export const globalFlags = {
  config: text("Directory of the client's files"),
  context: text('Context that names the engine (overrides DOCKER_HOST and the current context)', { char: 'c' }),
  debug: toggle('Debug mode', { char: 'D' }),
  host: list('Address of the engine', { char: 'H' }),
  'log-level': text('Logging level: debug, info, warn, error, fatal', { char: 'l', initial: 'info' }),
  tls: toggle('Use TLS; implied by --tlsverify'),
  tlscacert: text('Trust only certificates signed by this CA'),
  tlscert: text('TLS certificate file'),
  tlskey: text('TLS key file'),
  tlsverify: toggle('Use TLS and verify the server'),
  version: toggle('Print the version and quit', { char: 'v' }),
}

/** The words that say the same to another program: docker's CLI plugins take these flags before their own name. */
export function globalWords({ values, given }: ParsedFlags<typeof globalFlags>): string[] {
  const names = (Object.keys(globalFlags) as (keyof typeof globalFlags)[]).filter((name) => name !== 'version')
  return names
    .filter((name) => given.has(name))
    .flatMap((name) => [values[name]].flat().map((value) => `--${name}=${value}`))
}
