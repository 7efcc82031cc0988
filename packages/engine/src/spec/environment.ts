// SPDX-License-Identifier: Apache-2.0

/** `PATH` of a container whose image sets none. */
export const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** What the environment of a process in a container is made from. */
export interface EnvironmentInput {
  /** `NAME=value`; a bare `NAME` removes the variable. Later entries win. */
  env: readonly string[]
  hostname: string
  terminal: boolean
}

/**
 * The environment of a container's process: `PATH`, `HOSTNAME` and, at a terminal, `TERM`, then the configured
 * variables over them. `HOME` is not among them: the runtime sets it from the passwd file where it is absent, as
 * runc and crun do.
 */
export function containerEnvironment({ env, hostname, terminal }: EnvironmentInput): string[] {
  const defaults = [`PATH=${defaultPath}`, `HOSTNAME=${hostname}`, ...(terminal ? ['TERM=xterm'] : [])]
  const entries = new Map<string, string | undefined>()
  for (const entry of [...defaults, ...env]) {
    const end = entry.indexOf('=')
    const key = end < 0 ? entry : entry.slice(0, end)
    entries.set(key, end < 0 ? undefined : entry)
  }
  return [...entries.values()].filter((entry) => entry !== undefined)
}
