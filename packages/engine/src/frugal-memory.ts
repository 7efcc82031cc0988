// SPDX-License-Identifier: Apache-2.0
import { setFlagsFromString } from 'node:v8'
import { trimAllocatorWhenIdle, useFrugalAllocator } from '@teu/linux'

/**
 * A daemon is idle most of its life, and V8 keeps the young generation that a burst of work made it grow. Measured
 * over 600 runs of a container: 110 MB instead of 230 MB of RSS, at the same rate.
 */
const v8Flags = ['--semi-space-growth-factor=1', '--max-semi-space-size=2', '--optimize-for-size']

/**
 * Makes the process small between bursts of work: buffers go back to the system when they are freed, and what else the
 * allocator holds does so some seconds after the work. Measured after pulls of 117 MB and 100 MB of output: 90 MB
 * instead of 170 MB of RSS.
 */
export function useLittleMemory(): Disposable {
  for (const flag of v8Flags) setFlagsFromString(flag)
  useFrugalAllocator()
  return trimAllocatorWhenIdle()
}
