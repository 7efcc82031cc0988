// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import type { ContainerLog, LogDriver } from './log-driver.ts'

/** Keeps nothing. */
export const noneDriver: LogDriver = {
  name: 'none',
  validate(options) {
    const [unknown] = Object.keys(options)
    if (unknown !== undefined)
      throw new StackError('invalid-argument', `unknown log opt '${unknown}' for none log driver`)
  },
  open: (): ContainerLog => ({
    path: '',
    readable: false,
    write() {},
    flush() {},
    // biome-ignore lint/correctness/useYield: there is never a record
    async *read() {
      throw new StackError('invalid-argument', 'configured logging driver does not support reading')
    },
    endFollowers() {},
    close() {},
    remove() {},
  }),
}
