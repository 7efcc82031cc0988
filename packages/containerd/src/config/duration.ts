// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'

const units: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
}

/** A duration as Go writes it (`1h30m`, `1.5s`, `100ms`, `0`) in milliseconds. @throws `invalid-argument` */
export function parseDuration(text: string): number {
  if (text === '0') return 0
  const parts = [...text.matchAll(/([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|ms|s|m|h)/g)]
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text)
    throw new StackError('invalid-argument', `invalid duration ${JSON.stringify(text)}`)
  return parts.reduce((sum, [, number, unit]) => sum + Number(number) * units[unit!]!, 0)
}
