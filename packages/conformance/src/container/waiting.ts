// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'

/** Waits for a condition, at most ten seconds unless told otherwise; what it is goes into the failure. */
export async function until(what: string, condition: () => boolean | Promise<boolean>, timeoutMs = 10_000) {
  for (const end = performance.now() + timeoutMs; !(await condition()); await delay(10))
    assert.ok(performance.now() < end, `${what}: not within ${timeoutMs} ms`)
}

/** The sum that `sha256sum` prints. */
export function sha256Of(data: Uint8Array): string {
  return createHash('sha256').update(data).digest('hex')
}
