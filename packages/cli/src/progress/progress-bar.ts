// SPDX-License-Identifier: Apache-2.0
import type { ProgressDetail } from '@teu/engine-api'
import { formatSize } from '../format/bytes.ts'

/**
 * The bar of one step, such as `[==>    ]  1.5MB/6MB`; empty when nothing has been moved. Below 110 columns the bar
 * is left out and only the numbers are shown, as docker does.
 */
export function renderProgress(detail: ProgressDetail | undefined, columns: number): string {
  const current = detail?.current ?? 0
  const total = detail?.total ?? 0
  if (current <= 0 && total <= 0) return ''
  const show = (value: number) => (detail?.units ? `${value} ${detail.units}` : formatSize(value))
  if (total <= 0) return show(current).padStart(8)
  const percent = Math.min(50, Math.trunc(((current / total) * 100) / 2))
  const spaces = ' '.repeat(50 - percent)
  const bar = columns > 110 ? `[${'='.repeat(percent)}>${spaces}] ` : ''
  if (detail?.hidecounts) return bar
  const counts = current <= total ? `${show(current).padStart(8)}/${show(total)}` : show(current).padStart(8)
  return bar + counts
}
