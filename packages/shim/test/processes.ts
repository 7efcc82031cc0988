// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** The processes for which `matches` is true of their folder in /proc; those that end meanwhile are left out. */
function processesThat(matches: (folder: string) => boolean): number[] {
  return readdirSync('/proc').flatMap((name) => {
    try {
      return /^\d+$/.test(name) && matches(`/proc/${name}`) ? [Number(name)] : []
    } catch {
      return []
    }
  })
}

/** The shims that were started with addresses in `folder`. */
export function shimsOf(folder: string): number[] {
  return processesThat((process) => readFileSync(`${process}/cmdline`, 'utf8').includes(`${folder}/c.sock`))
}

/** The processes whose working directory is `path`, as a monitor's is its bundle. */
export function processesIn(path: string): number[] {
  return processesThat((process) => readlinkSync(`${process}/cwd`) === path)
}

/** Kills a process that may have ended already. */
export function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {}
}
