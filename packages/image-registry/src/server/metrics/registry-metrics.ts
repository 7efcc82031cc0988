// SPDX-License-Identifier: Apache-2.0
import { readdirSync } from 'node:fs'
import type { RequestRecord } from '../front/request-record.ts'
import { Counter, exposition, Gauge, Histogram, type Metric } from './exposition.ts'

/** Upper bounds in seconds: a manifest takes milliseconds, a layer minutes. */
const bounds = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30, 120, 600]
const methods = ['GET', 'HEAD', 'PUT', 'POST', 'PATCH', 'DELETE']

/** What a registry counts. @internal */
export class RegistryMetrics {
  readonly #requests = new Counter('teu_registry_requests_total', 'Requests that ended, by route, method and status.')
  readonly #errors = new Counter('teu_registry_errors_total', 'Answers of 400 and above, by the code in their body.')
  readonly #seconds = new Histogram('teu_registry_request_seconds', 'How long requests took.', bounds)
  readonly #bytes = new Counter('teu_registry_bytes_total', 'Bytes of bodies, by direction.')
  #inFlight = 0
  readonly #all: Metric[] = [
    this.#requests,
    this.#errors,
    this.#seconds,
    this.#bytes,
    new Gauge('teu_registry_requests_in_flight', 'Requests that are being answered.', () => this.#inFlight),
    ...processMetrics(),
  ]

  /** Adds what others measure. */
  include(...metrics: Metric[]): void {
    this.#all.push(...metrics)
  }

  /** Adds how much is stored, as far as that is known. */
  measure(usage: () => { blobs: number; bytes: number } | undefined): void {
    this.include(
      new Gauge('teu_registry_stored_blobs', 'Blobs that are stored.', () => usage()?.blobs),
      new Gauge('teu_registry_stored_bytes', 'Bytes that they take.', () => usage()?.bytes),
    )
  }

  flight(change: 1 | -1): void {
    this.#inFlight += change
  }

  ended({ route, method, status, code, durationMs, received, sent }: RequestRecord): void {
    // Callers choose the method's name, and every new one would be a series for good.
    const known = methods.includes(method) ? method : 'other'
    this.#requests.add({ route, method: known, status: String(status) })
    this.#seconds.observe({ route, method: known }, durationMs / 1000)
    if (code !== undefined) this.#errors.add({ code })
    if (received > 0) this.#bytes.add({ direction: 'received' }, received)
    if (sent > 0) this.#bytes.add({ direction: 'sent' }, sent)
  }

  text(): string {
    return exposition(this.#all)
  }
}

/** Under the names that Prometheus' own libraries use. */
function processMetrics(): Metric[] {
  const started = Math.round(performance.timeOrigin) / 1000
  return [
    new Gauge('process_start_time_seconds', 'When the process began, since 1970.', () => started),
    new Gauge('process_resident_memory_bytes', 'Memory in use.', () => process.memoryUsage.rss()),
    new Gauge('process_cpu_seconds_total', 'Time on processors.', cpuSeconds, 'counter'),
    new Gauge('process_open_fds', 'Open files and sockets.', openFiles),
  ]
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

function openFiles(): number | undefined {
  try {
    return readdirSync('/proc/self/fd').length
  } catch {
    return undefined
  }
}
