// SPDX-License-Identifier: Apache-2.0
import { native } from '../native/load.ts'

/** Parameters of mallopt(3), from malloc.h. */
const parameters = { trimThreshold: -1, mmapThreshold: -3, arenaMaximum: -8 } as const

/**
 * Sets up the C allocator for a process that is idle most of its life: buffers are mapped, so that they are given back
 * when they are freed, and all threads share one arena. By default glibc keeps what a burst of work took, in an arena
 * a thread. To be called before there is much work; elsewhere than with glibc nothing happens.
 *
 * @public
 */
export function useFrugalAllocator(): void {
  const { mallopt } = native()
  mallopt(parameters.arenaMaximum, 1)
  mallopt(parameters.mmapThreshold, 128 * 1024)
  mallopt(parameters.trimThreshold, 128 * 1024)
}

/** How often it is looked whether work is over, in milliseconds, and how much of that time idle work may take. */
const look = { everyMs: 5000, idleMs: 50 }

/** After how many quiet looks memory is given back: at once, and when V8 has cleaned up as well. */
const trimAfter: readonly number[] = [1, 4]

/**
 * Gives back to the system what the C allocator holds and nobody uses (malloc_trim(3), some milliseconds) whenever this
 * process has come to rest after some work. Does not keep the process alive.
 *
 * @public
 */
export function trimAllocatorWhenIdle(): Disposable {
  let last = process.cpuUsage()
  let quiet = Number.POSITIVE_INFINITY
  const timer = setInterval(() => {
    const { user, system } = process.cpuUsage(last)
    last = process.cpuUsage()
    quiet = (user + system) / 1000 > look.idleMs ? 0 : quiet + 1
    if (trimAfter.includes(quiet)) native().mallocTrim()
  }, look.everyMs)
  timer.unref()
  return { [Symbol.dispose]: () => clearInterval(timer) }
}
