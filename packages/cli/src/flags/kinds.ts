// SPDX-License-Identifier: Apache-2.0

import { parseMemory } from '../format/bytes.ts'
import { parseDuration } from '../format/duration.ts'
import type { Flag } from '../grammar/flag.ts'
import { parseBool, parseInteger, parseUnsigned } from '../grammar/go-number.ts'
import { parseCpus } from './cpus.ts'

/** What every kind of flag may say about itself. */
export interface FlagOptions {
  readonly char?: string
  readonly hidden?: boolean
  /** What help prints as the default. */
  readonly defaultText?: string
  /** The word that help prints for the value, where it is not the kind's own. */
  readonly helpValue?: string
  /** The long name of the flag that this one is another spelling of. */
  readonly sameAs?: string
  /** Printed when the flag is used: what to write instead. */
  readonly deprecated?: string
}

/** Refuses a text by throwing, or returns what is kept of it. */
export type Check = (text: string) => string

function option<T>(
  kind: string,
  summary: string,
  initial: T,
  accept: (current: T, text: string) => T,
  options: FlagOptions,
  multiple = false,
): Flag<T> {
  return { type: 'option', helpValue: kind, summary, multiple, initial, accept, ...options }
}

/** A flag that is on when it stands there; `--flag=false` turns it off. */
export function toggle(summary: string, options: FlagOptions & { initial?: boolean } = {}): Flag<boolean> {
  const { initial = false, ...rest } = options
  const shown = initial ? { defaultText: 'true' } : {}
  const accept = (_: boolean, text: string) => parseBool(text)
  return { type: 'boolean', helpValue: '', summary, multiple: false, initial, accept, ...shown, ...rest }
}

/** One text; the last one given counts. */
export function text(summary: string, options: FlagOptions & { initial?: string } = {}): Flag<string> {
  const { initial = '', ...rest } = options
  const shown = initial === '' ? {} : { defaultText: JSON.stringify(initial) }
  return option('string', summary, initial, (_, value) => value, { ...shown, ...rest })
}

/** Texts in the order given. */
export function list(summary: string, options: FlagOptions & { check?: Check } = {}): Flag<readonly string[]> {
  const { check, ...rest } = options
  const accept = (current: readonly string[], value: string) => [...current, check ? check(value) : value]
  return option('list', summary, [] as readonly string[], accept, rest, true)
}

/** `name=value` pairs; a later one with the same name replaces an earlier one. */
export function map(
  summary: string,
  options: FlagOptions & { check?: Check } = {},
): Flag<Readonly<Record<string, string>>> {
  const { check, ...rest } = options
  const accept = (current: Readonly<Record<string, string>>, value: string) => {
    const kept = check ? check(value) : value
    const equals = kept.indexOf('=')
    return { ...current, [equals < 0 ? kept : kept.slice(0, equals)]: equals < 0 ? '' : kept.slice(equals + 1) }
  }
  return option('map', summary, {}, accept, { defaultText: 'map[]', ...rest }, true)
}

/** A signed integer. */
export function integer(summary: string, options: FlagOptions & { initial?: number } = {}): Flag<number> {
  const { initial = 0, ...rest } = options
  const shown = initial === 0 ? {} : { defaultText: String(initial) }
  return option('int', summary, initial, (_, value) => Number(parseInteger(value)), { ...shown, ...rest })
}

/** An unsigned integer of `bits` bits. */
export function unsigned(summary: string, bits: 16 | 64, options: FlagOptions = {}): Flag<number> {
  const kind = bits === 16 ? 'uint16' : 'uint'
  return option(kind, summary, 0, (_, value) => Number(parseUnsigned(value, bits)), options)
}

/** A Go duration, in nanoseconds. */
export function duration(summary: string, options: FlagOptions = {}): Flag<number> {
  return option('duration', summary, 0, (_, value) => parseDuration(value), { defaultText: '0s', ...options })
}

/** A memory size in bytes; with `unlimited`, `-1` is one too. */
export function bytes(summary: string, options: FlagOptions & { unlimited?: boolean } = {}): Flag<number> {
  const { unlimited = false, ...rest } = options
  const accept = (_: number, value: string) => (unlimited && value === '-1' ? -1 : parseMemory(value))
  return option('bytes', summary, 0, accept, rest)
}

/** A number of CPUs, in billionths of one. */
export function cpus(summary: string, options: FlagOptions = {}): Flag<number> {
  return option('decimal', summary, 0, (_, value) => parseCpus(value), options)
}

/** Values of a richer grammar, one an occurrence. */
export function values<T>(
  kind: string,
  summary: string,
  parse: (text: string) => T,
  options: FlagOptions = {},
): Flag<readonly T[]> {
  const accept = (current: readonly T[], value: string) => [...current, parse(value)]
  return option(kind, summary, [] as readonly T[], accept, options, true)
}
