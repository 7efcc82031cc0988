// SPDX-License-Identifier: Apache-2.0

/**
 * A rational number of CPUs (`1.5`, `3/2`, `5e-1`) in billionths of a CPU. Throws when it is none, or finer than a
 * billionth.
 */
export function parseCpus(text: string): number {
  const fraction = /^([+-]?[0-9]+)\/([0-9]+)$/.exec(text)
  const decimal = /^([+-]?)([0-9]*)\.?([0-9]*)(?:e([+-]?[0-9]+))?$/i.exec(text)
  if (fraction && BigInt(fraction[2] as string) !== 0n) {
    return nanos(BigInt(fraction[1] as string), BigInt(fraction[2] as string))
  }
  if (!decimal || `${decimal[2]}${decimal[3]}` === '' || Math.abs(Number(decimal[4] ?? 0)) > 100) {
    throw new Error(`failed to parse ${text} as a rational number`)
  }
  const digits = BigInt(`${decimal[2]}${decimal[3]}`) * (decimal[1] === '-' ? -1n : 1n)
  const power = Number(decimal[4] ?? 0) - (decimal[3] as string).length
  return power >= 0 ? nanos(digits * 10n ** BigInt(power), 1n) : nanos(digits, 10n ** BigInt(-power))
}

function nanos(numerator: bigint, denominator: bigint): number {
  const scaled = numerator * 1_000_000_000n
  if (scaled % denominator !== 0n) throw new Error('value is too precise')
  return Number(BigInt.asIntN(64, scaled / denominator))
}
