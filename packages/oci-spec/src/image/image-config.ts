// SPDX-License-Identifier: Apache-2.0
import type { Digest } from './digest.ts'

/**
 * An image's configuration: what it runs on, how it is run by default, and which layers it consists of. It is read with
 * the extensions that Docker writes; properties not listed here are kept. Its digest is the image's id.
 *
 * @public
 */
export interface ImageConfig {
  /** RFC 3339. */
  created?: string
  author?: string
  /** As in GOARCH. */
  architecture: string
  variant?: string
  /** As in GOOS. */
  os: string
  'os.version'?: string
  'os.features'?: string[]
  config?: ImageRunConfig
  rootfs: RootFs
  history?: HistoryEntry[]
}

/** The layers of an image by the digests of their uncompressed tars, lowest first. @public */
export interface RootFs {
  type: 'layers'
  diff_ids: Digest[]
}

/** How a layer, or a step without one, came about. @public */
export interface HistoryEntry {
  created?: string
  author?: string
  created_by?: string
  comment?: string
  /** Whether the step made no layer. Default false. */
  empty_layer?: boolean
}

/** Defaults for containers of an image. @public */
export interface ImageRunConfig {
  /** `user`, `uid`, `user:group`, `uid:gid`, ... */
  User?: string
  /** Keys such as `80/tcp`. */
  ExposedPorts?: Record<string, object>
  Env?: string[]
  Entrypoint?: string[]
  Cmd?: string[]
  /** Keys are paths in the container. */
  Volumes?: Record<string, object>
  WorkingDir?: string
  Labels?: Record<string, string>
  /** A name such as `SIGTERM`, or a number. */
  StopSignal?: string
  ArgsEscaped?: boolean
  Healthcheck?: Healthcheck
  OnBuild?: string[]
  Shell?: string[]
}

/** How Docker finds out whether a container works. Times in nanoseconds; 0 and absent mean the default. @public */
export interface Healthcheck {
  /** `["NONE"]`, `["CMD", ...]` or `["CMD-SHELL", line]`. */
  Test?: string[]
  Interval?: number
  Timeout?: number
  StartPeriod?: number
  StartInterval?: number
  Retries?: number
}
