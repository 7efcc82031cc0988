// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs'

/** What the kernel calls this run of the machine: another one each time it is started. */
export function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
}
