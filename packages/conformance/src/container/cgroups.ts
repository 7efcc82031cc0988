// SPDX-License-Identifier: Apache-2.0
import { glob, readFile, rmdir } from 'node:fs/promises'

/** The processes in a cgroup and below it, whichever hierarchy has it. */
export async function processesIn(cgroup: string): Promise<number[]> {
  const pids = new Set<number>()
  for await (const file of glob(`/sys/fs/cgroup/{,*/}${cgroup}/{,**/}cgroup.procs`)) {
    const text = await readFile(file, 'utf8').catch(() => '')
    for (const line of text.split('\n')) if (line !== '') pids.add(Number(line))
  }
  return [...pids]
}

/** Removes a cgroup with all below it, which runtimes leave when they made it on their way to a deeper one. */
export async function removeCgroups(cgroup: string): Promise<void> {
  const found: string[] = []
  for await (const folder of glob(`/sys/fs/cgroup/{,*/}${cgroup}/{,**/}cgroup.procs`))
    found.push(folder.slice(0, -'/cgroup.procs'.length))
  for (const folder of found.sort((a, b) => b.length - a.length)) await rmdir(folder).catch(() => {})
}
