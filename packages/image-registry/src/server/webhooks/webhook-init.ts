// SPDX-License-Identifier: Apache-2.0

/** Somebody who is told what happens. @public */
export interface WebhookInit {
  /** Where events are sent, by POST: http or https. */
  url: string
  /** Sent along, for instance `authorization`. */
  headers?: Readonly<Record<string, string>>
  /** Which events; default all. */
  actions?: readonly RegistryEvent['action'][]
  /** Events that may wait; the oldest go when there are more. Default 1,000. */
  queueSize?: number
  /** Milliseconds for one attempt. Default 5,000. */
  timeoutMs?: number
  /** Milliseconds before the first repetition; doubled each time, up to a minute. Default 1,000. */
  retryDelayMs?: number
  /** Attempts before events are given up. Default 10, which takes some five minutes. */
  attempts?: number
}

/** Something that happened, in the form of Docker's registry. @public */
export interface RegistryEvent {
  id: string
  /** RFC 3339. */
  timestamp: string
  action: 'push' | 'pull' | 'delete' | 'mount'
  target: {
    mediaType?: string
    digest?: string
    size?: number
    /** The same as `size`: older receivers read it. */
    length?: number
    repository: string
    /** Where a blob was mounted from. */
    fromRepository?: string
    url?: string
    tag?: string
  }
  request: { id: string; addr: string; host: string; method: string; useragent: string }
  actor: { name?: string }
  source: { addr: string; instanceID: string }
}
