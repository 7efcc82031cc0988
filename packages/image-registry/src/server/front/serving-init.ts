// SPDX-License-Identifier: Apache-2.0
import type { AuthInit } from '../auth/auth-init.ts'
import type { LimitsInit, WarningRule } from '../limits/limits-init.ts'
import type { ProxyInit } from '../proxy/proxy-init.ts'
import type { WebhookInit } from '../webhooks/webhook-init.ts'
import type { RequestRecord } from './request-record.ts'

/** What a registry does besides keeping content: whom it serves, how much, and who is told. @public */
export interface ServingInit {
  /** Who may use it. Default: everybody may do everything, so it should not be reached by strangers. */
  auth?: AuthInit
  /** What callers may use of it. Default: no limits but those of the protocol. */
  limits?: LimitsInit
  /** Texts that clients show to those who use some repositories. */
  warnings?: readonly WarningRule[]
  /** Who is told of pushes, pulls, mounts and deletions. */
  webhooks?: readonly WebhookInit[]
  /** Makes this registry a cache of another one: what is not here is fetched from there, and nothing can be pushed. */
  proxy?: ProxyInit
  /** Serve a page for people at `/`. Default true. */
  page?: boolean
  /** Serve Prometheus metrics at `/metrics`, to the same callers as the page. Default false. */
  metrics?: boolean
  /** Proxies whose `X-Forwarded-` headers are believed: addresses, or networks as `10.0.0.0/8`. Default: none. */
  trustedProxies?: readonly string[]
  /** Told of every request when it is over, for a log. */
  onRequest?: (record: RequestRecord) => void
}
