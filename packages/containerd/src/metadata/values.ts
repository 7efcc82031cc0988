// SPDX-License-Identifier: Apache-2.0
import { type Timestamp, timestampOf } from '@teu/containerd-api'

/** Labels by name. */
export type Labels = Record<string, string>

/** Now, in microseconds since 1970: what time columns hold. */
export function nowMicros(): number {
  return Math.round((performance.timeOrigin + performance.now()) * 1000)
}

/** A time column as a message's field. */
export function timestampOfMicros(micros: number): Timestamp {
  return timestampOf(BigInt(micros) * 1000n)
}

/** A labels column as a map. The map has no prototype, so that any key is just a key. */
export function parseLabels(json: unknown): Labels {
  return Object.assign(Object.create(null), JSON.parse(String(json))) as Labels
}

/** Labels as the text of a column. */
export function formatLabels(labels: Readonly<Labels>): string {
  return JSON.stringify(labels)
}
