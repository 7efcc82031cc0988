// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs'

/** The kernel's id for this run of the machine; each start of the machine has another one. */
export function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
}
