// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs'

/** Where a name without a value takes its value from; undefined leaves the name out. */
export type Lookup = (name: string) => string | undefined

/** A text as Go prints a failed open: the errno's words, not Node's. */
export function openFailure(path: string, error: unknown): Error {
  const code = (error as NodeJS.ErrnoException).code
  const reasons: Record<string, string> = {
    ENOENT: 'no such file or directory',
    EACCES: 'permission denied',
    EISDIR: 'is a directory',
    ENOTDIR: 'not a directory',
  }
  const verb = code === 'EISDIR' ? 'read' : 'open'
  return new Error(`${verb} ${path}: ${reasons[code ?? ''] ?? (error as Error).message}`, { cause: error })
}

/**
 * The `NAME=value` lines of one file, in order. Blank lines and lines that start with `#` are skipped; a name alone
 * is looked up (and dropped when nothing is found). Throws when the file cannot be read, is not UTF-8, or holds a
 * name that is empty or has blanks.
 */
export function readPairsFile(path: string, lookup?: Lookup): string[] {
  let content: Buffer
  try {
    content = readFileSync(path)
  } catch (error) {
    throw openFailure(path, error)
  }
  const lines = decodeLines(path, content)
  return lines.flatMap((line) => readLine(path, line, lookup))
}

function decodeLines(path: string, content: Buffer): string[] {
  const body = content.subarray(0, 3).equals(Buffer.from([0xef, 0xbb, 0xbf])) ? content.subarray(3) : content
  const lines = body.toString('latin1').split('\n')
  return lines.map((line, index) => {
    const bytes = Buffer.from(line.replace(/\r$/, ''), 'latin1')
    const decoded = bytes.toString('utf8')
    if (decoded.includes('\ufffd') && !bytes.includes(Buffer.from('\ufffd'))) {
      throw new Error(`invalid env file (${path}): invalid utf8 bytes at line ${index + 1}: ${decoded}`)
    }
    return decoded
  })
}

function readLine(path: string, raw: string, lookup?: Lookup): string[] {
  const line = raw.replace(/^[ \t\v\f\r\n]+/, '')
  if (line === '' || line.startsWith('#')) return []
  const equals = line.indexOf('=')
  const name = (equals < 0 ? line : line.slice(0, equals)).replace(/^[ \t]+/, '')
  if (name === '') throw new Error(`invalid env file (${path}): no variable name on line '${line}'`)
  if (/[ \t\v\f]/.test(name)) throw new Error(`invalid env file (${path}): variable '${name}' contains whitespaces`)
  if (equals >= 0) return [`${name}=${line.slice(equals + 1)}`]
  if (!lookup) return [line.trim()]
  const value = lookup(name)
  return value === undefined ? [] : [`${name}=${value}`]
}

/** All pairs of `files`, then those of the command line, each name looked up where it stands alone. */
export function readPairs(files: readonly string[], given: readonly string[], lookup?: Lookup): string[] {
  return [...files.flatMap((file) => readPairsFile(file, lookup)), ...given]
}

/** Pairs as a record; a name without `=` has the empty value, and the last occurrence counts. */
export function pairsToRecord(pairs: readonly string[]): Record<string, string> {
  const record: Record<string, string> = {}
  for (const pair of pairs) {
    const equals = pair.indexOf('=')
    record[equals < 0 ? pair : pair.slice(0, equals)] = equals < 0 ? '' : pair.slice(equals + 1)
  }
  return record
}
