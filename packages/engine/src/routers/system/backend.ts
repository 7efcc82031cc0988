// SPDX-License-Identifier: Apache-2.0
import type { AuthConfig, AuthResult, DiskUsageResult, Filters, InfoResult, VersionResult } from '@teu/engine-api'

/** Which events to send. */
export interface EventsRequest {
  readonly since: bigint | undefined
  readonly until: bigint | undefined
  readonly filters: Filters
  readonly signal: AbortSignal
}

/** What the routes of the engine itself need. */
export interface SystemBackend {
  version(): Promise<VersionResult>
  info(): Promise<InfoResult>
  /** Lines, one an event. The subscription has begun when this returns. */
  events(request: EventsRequest): AsyncIterable<string>
  /** `unauthenticated` when the registry does not take the credentials. */
  auth(auth: AuthConfig, signal: AbortSignal): Promise<AuthResult>
  /** `types` as in the query; empty for all. `invalid-argument` for one that does not exist. */
  diskUsage(types: readonly string[]): Promise<Partial<DiskUsageResult>>
}
