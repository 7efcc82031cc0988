// SPDX-License-Identifier: Apache-2.0
import { constants } from 'node:os'
import { StackError } from '@teu/errors'

/** The first of the real-time signals that programs may use, and the last signal there is. */
const realTimeMinimum = 34
const maximumSignal = 64

/**
 * The number of a signal given by number or by name, with or without `SIG`, in any case. Throws `invalid-argument`
 * with the original's text.
 */
export function parseSignal(text: string): number {
  const number = /^\d+$/.test(text) ? Number(text) : signalByName(text.toUpperCase().replace(/^SIG/, ''))
  if (number === undefined || number < 1 || number > maximumSignal) {
    throw new StackError('invalid-argument', `invalid signal: ${text}`)
  }
  return number
}

function signalByName(name: string): number | undefined {
  const realTime = /^RT(MIN|MAX)(?:([+-])(\d{1,2}))?$/.exec(name)
  if (realTime) {
    const base = realTime[1] === 'MIN' ? realTimeMinimum : maximumSignal
    const offset = Number(realTime[3] ?? 0) * (realTime[2] === '-' ? -1 : 1)
    const number = base + offset
    return number >= realTimeMinimum && number <= maximumSignal ? number : undefined
  }
  return (constants.signals as Readonly<Record<string, number>>)[`SIG${name}`]
}
