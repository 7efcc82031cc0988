// SPDX-License-Identifier: Apache-2.0

/** Two columns: `left` as it is, `right` broken between words so that no line is longer than `width`. */
export function twoColumns(rows: readonly (readonly [left: string, right: string])[], width: number): string {
  const start = Math.max(...rows.map(([left]) => left.length)) + 3
  const room = Math.max(24, width - start)
  return rows
    .map(([left, right]) => `${left.padEnd(start)}${wrap(right, room).join(`\n${' '.repeat(start)}`)}`.trimEnd())
    .join('\n')
}

function wrap(text: string, room: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > room) {
      lines.push(line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  return [...lines, line]
}
