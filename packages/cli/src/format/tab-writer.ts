// SPDX-License-Identifier: Apache-2.0

/** How wide a column is at least, and what stands between columns; docker's tables use 10 and 3. */
export interface TabWriterOptions {
  readonly minimumWidth?: number
  readonly padding?: number
}

/**
 * Lines of tab-separated cells as aligned columns, by the rule of Go's text/tabwriter: a column block is a run of
 * consecutive lines that all have a cell there, and the last cell of a line is never padded.
 */
export function alignColumns(text: string, { minimumWidth = 10, padding = 3 }: TabWriterOptions = {}): string {
  const lines = text.split('\n').map((line) => line.split('\t'))
  const widths = lines.map((line) => line.map(() => 0))
  const columns = Math.max(...lines.map((line) => line.length)) - 1
  for (let column = 0; column < columns; column++) measureColumn(lines, widths, column, minimumWidth, padding)
  return lines.map((line, row) => line.map((cell, column) => pad(cell, widths[row]?.[column] ?? 0)).join('')).join('\n')
}

function measureColumn(
  lines: readonly string[][],
  widths: number[][],
  column: number,
  minimumWidth: number,
  padding: number,
): void {
  for (let row = 0; row < lines.length; ) {
    const start = row
    let width = minimumWidth
    while (row < lines.length && (lines[row] as string[]).length - 1 > column) {
      width = Math.max(width, cellWidth(lines[row]?.[column] ?? '') + padding)
      row++
    }
    for (let line = start; line < row; line++) (widths[line] as number[])[column] = width
    if (row === start) row++
  }
}

function cellWidth(cell: string): number {
  return [...cell].length
}

function pad(cell: string, width: number): string {
  return width === 0 ? cell : cell + ' '.repeat(Math.max(0, width - cellWidth(cell)))
}
