// SPDX-License-Identifier: Apache-2.0

/**
 * The comma-separated fields of one option value; a field may be wrapped in double quotes to hold commas. Throws
 * with Go's encoding/csv texts, which name the column in characters from 1.
 */
export function splitCsv(text: string): string[] {
  if (text === '') throw new Error('EOF')
  const fields: string[] = []
  let position = 0
  for (;;) {
    const field = text[position] === '"' ? quoted(text, position) : bare(text, position)
    fields.push(field.value)
    if (field.end >= text.length) return fields
    position = field.end + 1
  }
}

interface Field {
  value: string
  end: number
}

function bare(text: string, start: number): Field {
  const comma = text.indexOf(',', start)
  const end = comma < 0 ? text.length : comma
  const value = text.slice(start, end)
  const quote = value.indexOf('"')
  if (quote >= 0) throw new Error(`parse error on line 1, column ${start + quote + 1}: bare " in non-quoted-field`)
  return { value, end }
}

function quoted(text: string, start: number): Field {
  let value = ''
  for (let position = start + 1; position < text.length; position++) {
    const character = text[position] as string
    if (character !== '"') {
      value += character
    } else if (text[position + 1] === '"') {
      value += '"'
      position++
    } else if (position + 1 === text.length || text[position + 1] === ',') {
      return { value, end: position + 1 }
    } else {
      throw new Error(`parse error on line 1, column ${position + 1}: extraneous or missing " in quoted-field`)
    }
  }
  throw new Error(`parse error on line 1, column ${text.length + 1}: extraneous or missing " in quoted-field`)
}

/** `text` cut at its first `separator`; the third part says whether there was one. */
export function cut(text: string, separator: string): [before: string, after: string, found: boolean] {
  const index = text.indexOf(separator)
  return index < 0 ? [text, '', false] : [text.slice(0, index), text.slice(index + separator.length), true]
}
