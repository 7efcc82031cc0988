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

async function timed(work: () => Promise<unknown>): Promise<number> {
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

/** The table as text, and whether every budget was kept. */
export function table(rows: readonly Row[]): { text: string; kept: boolean } {
  let kept = true
  const cells = rows.map((row) => {
    const [ours, original] = [median(row.ours), median(row.original)]
    const ratio = ours / original
    const inRatio = row.budget === undefined || (row.higherIsBetter ? ratio >= row.budget : ratio <= row.budget)
    const within = inRatio && (row.limit === undefined || ours <= row.limit)
    kept &&= within
    const budgets = [
      ...(row.budget === undefined ? [] : [`${row.higherIsBetter ? '≥' : '≤'} ${round(row.budget)}`]),
      ...(row.limit === undefined ? [] : [`≤ ${row.limit} ${row.unit}`]),
    ]
    return [
      row.name,
      `${round(ours)} ${row.unit}`,
      `${round(original)} ${row.unit}`,
      row.originalName,
      `${round(ratio)}`,
      budgets.join(', '),
      budgets.length === 0 ? '' : within ? 'kept' : 'MISSED',
    ]
  })
  const all = [['work', 'ours', 'original', 'by', 'ratio', 'budget', ''], ...cells]
  const widths = all[0]?.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0))) ?? []
  const text = all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
  return { text, kept }
}

function round(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)
}
