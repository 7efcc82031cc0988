// SPDX-License-Identifier: Apache-2.0
import { native } from '../native/load.ts'
import { Pidfd } from './pidfd.ts'

/** What {@link spawnProcess} starts. @public */
export interface SpawnInit {
  /** Path of the executable. */
  path: string
  /** All arguments, with the name by which the program is called. */
  argv: readonly string[]
  /** Descriptors that the process gets as 0, 1, 2, ..., at most 256; undefined stands for /dev/null. It gets no others. */
  descriptors: readonly (number | undefined)[]
}

/**
 * Starts a process with an empty environment and default signal handling (posix_spawn(3)), and answers its pid. Unlike
 * `child_process.spawn` this does not copy the address space of Node, which takes milliseconds. It is reaped when it
 * ends, and does not keep this process alive. Throws the system error of execve(2).
 *
 * @public
 */
export function spawnProcess({ path, argv, descriptors }: SpawnInit): number {
  const pid = native().spawn(
    path,
    argv,
    descriptors.map((fd) => fd ?? -1),
  )
  void reapWhenEnded(pid)
  return pid
}

async function reapWhenEnded(pid: number): Promise<void> {
  try {
    using child = Pidfd.open(pid)
    await child.wait({ keepAlive: false })
  } catch {
    // Nobody else reaps it, so that the number is still its own; without a descriptor it stays a zombie.
  }
}
