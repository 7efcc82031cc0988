// SPDX-License-Identifier: Apache-2.0

/** One line of the table: what was measured on both sides in one run. Lower is better unless `higherIsBetter`. */
export interface Row {
  name: string
  unit: string
  ours: readonly number[]
  original: readonly number[]
  originalName: string
  /** Ours divided by the original's must not exceed this (or fall below it when higher is better). */
  budget?: number
  /** Ours must not exceed this, whatever the original does. */
  limit?: number
  higherIsBetter?: boolean
}

/** Milliseconds of each of `runs` calls, ours and the original's in turn, after one uncounted call of each. */
export async function pairwise(runs: number, ours: () => Promise<unknown>, original: () => Promise<unknown>) {
  const times = { ours: [] as number[], original: [] as number[] }
  await ours()
  await original()
  for (let round = 0; round < runs; round++) {
    times.ours.push(await timed(ours))
    times.original.push(await timed(original))
  }
  return times
}

/** Milliseconds that something takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2
}

/** How wide the columns are: rows are printed one by one, before it is known what comes. */
const widths = [62, 11, 11, 16, 6, 16]

function columns(cells: readonly string[]): string {
  return cells
    .map((cell, column) => cell.padEnd(widths[column] ?? 0))
    .join('  ')
    .trimEnd()
}

/** The first line of the table. */
export function heading(): string {
  return columns(['work', 'ours', 'original', 'by', 'ratio', 'budget'])
}

/** The medians of a row, and whether they are within its budgets. A value that is no number is within none. */
export function judge(row: Row): { ours: number; original: number; ratio: number; within: boolean } {
  const [ours, original] = [median(row.ours), median(row.original)]
  const ratio = ours / original
  const inRatio = row.budget === undefined || (row.higherIsBetter ? ratio >= row.budget : ratio <= row.budget)
  const within = Number.isFinite(ratio) && inRatio && (row.limit === undefined || ours <= row.limit)
  return { ours, original, ratio, within }
}

/** A row as a line of the table. */
export function line(row: Row): string {
  const { ours, original, ratio, within } = judge(row)
  const budgets = [
    ...(row.budget === undefined ? [] : [`${row.higherIsBetter ? '≥' : '≤'} ${round(row.budget)}`]),
    ...(row.limit === undefined ? [] : [`≤ ${row.limit} ${row.unit}`]),
  ]
  return columns([
    row.name,
    `${round(ours)} ${row.unit}`,
    `${round(original)} ${row.unit}`,
    row.originalName,
    round(ratio),
    budgets.join(', '),
    budgets.length === 0 && within ? '' : within ? 'kept' : 'MISSED',
  ])
}

function round(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)
}
