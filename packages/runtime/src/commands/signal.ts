// SPDX-License-Identifier: Apache-2.0
import { constants } from 'node:os'
import { StackError } from '@teu/errors'

const realTime = { first: 34, last: 64 } as const

/**
 * The number of a signal given as a number, or as a name with or without `SIG`, in any case; `RTMIN+n` and `RTMAX-n`
 * are known. 0 only probes. Throws `invalid-argument` otherwise.
 *
 * @internal
 */
export function parseSignal(text: string): number {
  if (/^\d{1,2}$/.test(text) && Number(text) <= realTime.last) return Number(text)
  const name = text.toUpperCase().replace(/^SIG/, '')
  const known = (constants.signals as Record<string, number>)[`SIG${name}`]
  if (known !== undefined) return known
  const real = /^RT(MIN|MAX)(?:([+-])(\d{1,2}))?$/.exec(name)
  if (real) {
    const number = (real[1] === 'MIN' ? realTime.first : realTime.last) + Number(`${real[2] ?? '+'}${real[3] ?? 0}`)
    if (number >= realTime.first && number <= realTime.last) return number
  }
  throw new StackError('invalid-argument', `unknown signal ${JSON.stringify(text)}`)
}
