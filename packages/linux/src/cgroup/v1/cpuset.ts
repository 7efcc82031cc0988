// SPDX-License-Identifier: Apache-2.0
import { dirname } from 'node:path'
import { readControl, writeControl } from '../files.ts'

const files = ['cpuset.cpus', 'cpuset.mems'] as const

/**
 * Gives a cpuset, and first those above it that are empty too, the processors and memory nodes of the one above: a v1
 * cpuset starts empty, and no process can join an empty one. The root is never empty, so this ends there.
 *
 * @internal
 */
export function inheritCpuset(folder: string): void {
  for (const file of files) {
    if (readControl(folder, file)?.trim() !== '') continue
    const above = dirname(folder)
    if (readControl(above, file)?.trim() === '') inheritCpuset(above)
    writeControl(folder, file, readControl(above, file)?.trim() ?? '')
  }
}
