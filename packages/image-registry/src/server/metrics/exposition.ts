// SPDX-License-Identifier: Apache-2.0

/** Names and values of a series' labels. @internal */
export type Labels = Readonly<Record<string, string>>

/** Something that is measured, and can be written down in Prometheus' text format. @internal */
export interface Metric {
  name: string
  help: string
  type: 'counter' | 'gauge' | 'histogram'
  /** Lines of samples, without the two that say what they are. */
  samples(): string[]
}

/** More series than that nobody reads: further ones go together under the label values `other`. */
const maximumSeries = 1000

/** A number that only grows, by labels. @internal */
export class Counter implements Metric {
  readonly type = 'counter'
  readonly name: string
  readonly help: string
  readonly #values = new Map<string, number>()

  constructor(name: string, help: string) {
    this.name = name
    this.help = help
  }

  add(labels: Labels = {}, amount = 1): void {
    const key = bounded(this.#values, labels)
    this.#values.set(key, (this.#values.get(key) ?? 0) + amount)
  }

  samples(): string[] {
    return [...this.#values].map(([labels, value]) => `${this.name}${labels} ${value}`)
  }
}

/** A number that is asked for when it is read. @internal */
export class Gauge implements Metric {
  readonly type: 'gauge' | 'counter'
  readonly name: string
  readonly help: string
  readonly #read: () => number | undefined

  constructor(name: string, help: string, read: () => number | undefined, type: 'gauge' | 'counter' = 'gauge') {
    this.name = name
    this.help = help
    this.type = type
    this.#read = read
  }

  samples(): string[] {
    const value = this.#read()
    return value === undefined ? [] : [`${this.name} ${value}`]
  }
}

/** How often something took how long, in seconds. @internal */
export class Histogram implements Metric {
  readonly type = 'histogram'
  readonly name: string
  readonly help: string
  readonly #bounds: readonly number[]
  readonly #series = new Map<string, { counts: number[]; sum: number; labels: Labels }>()

  constructor(name: string, help: string, bounds: readonly number[]) {
    this.name = name
    this.help = help
    this.#bounds = bounds
  }

  observe(labels: Labels, seconds: number): void {
    const key = bounded(this.#series, labels)
    let series = this.#series.get(key)
    if (series === undefined) {
      series = { counts: Array<number>(this.#bounds.length + 1).fill(0), sum: 0, labels }
      this.#series.set(key, series)
    }
    const found = this.#bounds.findIndex((bound) => seconds <= bound)
    const at = found < 0 ? this.#bounds.length : found
    series.counts[at] = (series.counts[at] ?? 0) + 1
    series.sum += seconds
  }

  samples(): string[] {
    return [...this.#series].flatMap(([key, { counts, sum, labels }]) => {
      let total = 0
      const buckets = counts.map((count, at) => {
        total += count
        const le = at < this.#bounds.length ? String(this.#bounds[at]) : '+Inf'
        return `${this.name}_bucket${format({ ...labels, le })} ${total}`
      })
      return [...buckets, `${this.name}_sum${key} ${sum}`, `${this.name}_count${key} ${total}`]
    })
  }
}

/** The text that Prometheus reads (format 0.0.4). @internal */
export function exposition(metrics: readonly Metric[]): string {
  return metrics
    .flatMap((metric) => {
      const samples = metric.samples()
      const head = [`# HELP ${metric.name} ${metric.help}`, `# TYPE ${metric.name} ${metric.type}`]
      return samples.length === 0 ? [] : [...head, ...samples]
    })
    .map((line) => `${line}\n`)
    .join('')
}

function bounded(known: ReadonlyMap<string, unknown>, labels: Labels): string {
  const key = format(labels)
  if (known.has(key) || known.size < maximumSeries) return key
  return format(Object.fromEntries(Object.keys(labels).map((name) => [name, 'other'])))
}

function format(labels: Labels): string {
  const escaped = (value: string) => value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}
