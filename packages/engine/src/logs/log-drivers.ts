// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import { jsonFileDriver } from './json-file/json-file-driver.ts'
import type { LogDriver } from './log-driver.ts'
import { noneDriver } from './none-driver.ts'

/** Every way to keep output. A new one is a row here. */
export const logDrivers: readonly LogDriver[] = [jsonFileDriver, noneDriver]

/** The driver of that name; `invalid-argument` when there is none. */
export function logDriver(name: string): LogDriver {
  const driver = logDrivers.find((candidate) => candidate.name === name)
  if (!driver) throw new StackError('invalid-argument', `logger: no log driver named '${name}' is registered`)
  return driver
}
