// SPDX-License-Identifier: Apache-2.0
import type { Serve } from '../front/front.ts'
import type { Upstream } from './upstream.ts'

/** What the parts of a pull-through cache share. @internal */
export interface CacheContext {
  upstream: Upstream
  /** This registry itself, without the cache. */
  next: Serve
  /** Aborted when the registry closes. */
  signal: AbortSignal
  /** Whether a repository may be fetched. */
  mayFetch: (repository: string) => boolean
  count: (kind: 'manifest' | 'blob', outcome: 'hit' | 'miss' | 'stale') => void
  onError: (error: unknown) => void
}
