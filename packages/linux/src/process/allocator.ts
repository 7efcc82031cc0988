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

/** Gives back to the system what the C allocator holds and nobody uses (malloc_trim(3)): some milliseconds. @public */
export function trimAllocator(): void {
  native().mallocTrim()
}
