// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { blobPath, manifestPath } from '@teu/oci-spec/distribution'
import type { Digest } from '@teu/oci-spec/image'
import type { Exchange } from '../exchange.ts'
import type { Serve } from '../front/front.ts'
import { innerCall } from '../front/inner-call.ts'
import { Gauge, type Metric } from '../metrics/exposition.ts'
import type { Route } from '../router.ts'
import { Webhook, type WebhookCounts } from './webhook.ts'
import type { RegistryEvent, WebhookInit } from './webhook-init.ts'

/** An answer as it goes out. */
interface Answered {
  status: number
  headers: Readonly<Record<string, string>>
}

type Happening = Pick<RegistryEvent, 'action' | 'target'>

/** Tells receivers what happens, by looking at what is asked and answered. @internal */
export class Notifier {
  readonly #hooks: readonly Webhook[]
  readonly #instance = randomUUID()
  readonly #address: () => string

  constructor(
    inits: readonly WebhookInit[],
    { address, onError }: { address: () => string; onError: (error: unknown) => void },
  ) {
    this.#hooks = inits.map((init) => new Webhook(init, onError))
    this.#address = address
  }

  /** What became of events, for all receivers together; nothing when there are none. */
  metrics(): Metric[] {
    if (this.#hooks.length === 0) return []
    const sum = (key: keyof WebhookCounts) => () => this.#hooks.reduce((total, { counts }) => total + counts[key], 0)
    const name = 'teu_registry_webhook_events'
    return [
      new Gauge(`${name}_delivered_total`, 'Events that receivers took.', sum('delivered'), 'counter'),
      new Gauge(`${name}_failed_total`, 'Events that were given up after all attempts.', sum('failed'), 'counter'),
      new Gauge(`${name}_dropped_total`, 'Events that had no room in the queue.', sum('dropped'), 'counter'),
      new Gauge(`${name}_waiting`, 'Events in queues.', sum('waiting')),
    ]
  }

  /** Serves, and tells of what succeeded. */
  observing(next: Serve): Serve {
    if (this.#hooks.length === 0) return next
    return async (found, exchange) => {
      let answered: Answered | undefined
      await next(found, {
        ...exchange,
        answer(status, headers = {}, content) {
          const length = Buffer.byteLength(content ?? '')
          answered = { status, headers: { 'content-length': String(length), ...headers } }
          exchange.answer(status, headers, content)
        },
        stream(status, headers, content) {
          answered = { status, headers }
          return exchange.stream(status, headers, content)
        },
      })
      const happening = answered && happeningOf(found, exchange, answered)
      if (happening !== undefined) this.#tell(await withSize(next, happening), exchange)
    }
  }

  /** Gives what waits a moment to go out. */
  async close(graceMs: number): Promise<void> {
    await Promise.all(this.#hooks.map((hook) => hook.close(graceMs)))
  }

  #tell({ action, target }: Happening, { method, caller, header }: Exchange): void {
    const id = randomUUID()
    const { address, user, origin } = caller
    const place = target.digest === undefined ? undefined : placeOf(target.repository, target.digest, target.mediaType)
    const event: RegistryEvent = {
      id,
      timestamp: new Date().toISOString(),
      action,
      target: { ...target, ...(place !== undefined && action !== 'delete' && { url: `${origin}${place}` }) },
      request: {
        id: randomUUID(),
        addr: address,
        host: header('host') ?? '',
        method,
        useragent: header('user-agent') ?? '',
      },
      actor: user === undefined ? {} : { name: user },
      source: { addr: `${hostname()} ${this.#address()}`, instanceID: this.#instance },
    }
    for (const hook of this.#hooks) hook.tell(event)
  }
}

/** Nothing in the answer to an upload says how long the blob is. */
async function withSize(next: Serve, { action, target }: Happening): Promise<Happening> {
  const { repository: name, digest, mediaType, size } = target
  if (mediaType !== blobType || size !== undefined || digest === undefined) return { action, target }
  const { status, headers } = await innerCall(
    next,
    { kind: 'blob', name, digest: digest as Digest },
    { method: 'HEAD' },
  )
  const length = Number(headers['content-length'])
  return { action, target: status === 200 ? { ...target, size: length, length } : target }
}

const blobType = 'application/octet-stream'

function placeOf(repository: string, digest: string, mediaType: string | undefined): string {
  return mediaType === blobType ? blobPath(repository, digest as Digest) : manifestPath(repository, digest)
}

/** What an exchange means; nothing for what only looked, or failed. */
function happeningOf(found: Route, exchange: Exchange, { status, headers }: Answered): Happening | undefined {
  if (status < 200 || status > 299 || !('name' in found)) return undefined
  const { method, query } = exchange
  const repository = found.name
  const digest = headers['docker-content-digest']
  const sized = (length: string | undefined) => {
    const size = Number(length)
    return length !== undefined && Number.isSafeInteger(size) ? { size, length: size } : {}
  }
  switch (found.kind) {
    case 'manifest': {
      const tag = 'tag' in found.reference ? { tag: found.reference.tag } : {}
      if (method === 'DELETE') {
        const removed = 'digest' in found.reference ? { digest: found.reference.digest } : tag
        return { action: 'delete', target: { repository, ...removed } }
      }
      if (digest === undefined || (method !== 'GET' && method !== 'PUT')) return undefined
      const mediaType = (method === 'PUT' ? exchange.header('content-type') : headers['content-type']) ?? ''
      const length = method === 'PUT' ? exchange.header('content-length') : headers['content-length']
      return {
        action: method === 'PUT' ? 'push' : 'pull',
        target: { mediaType, digest, ...sized(length), repository, ...tag },
      }
    }
    case 'blob':
      if (method === 'DELETE') return { action: 'delete', target: { repository, digest: found.digest } }
      if (method !== 'GET') return undefined
      return {
        action: 'pull',
        target: { mediaType: blobType, digest: found.digest, ...sized(headers['content-length']), repository },
      }
    case 'uploads':
    case 'upload': {
      if (status !== 201 || digest === undefined) return undefined
      const from = query.get('mount') === digest ? query.get('from') : null
      const target = { mediaType: blobType, digest, repository }
      return from === null
        ? { action: 'push', target }
        : { action: 'mount', target: { ...target, fromRepository: from } }
    }
    default:
      return undefined
  }
}
