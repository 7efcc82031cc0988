// SPDX-License-Identifier: Apache-2.0
import type { LogConfig } from '@teu/engine-api'
import type { RuntimeConfig } from './tasks/runtime-choice.ts'

/** How an engine works. What a reload may change is changed in place: nobody keeps a copy of it. */
export interface EngineSettings {
  readonly dataRoot: string
  readonly execRoot: string
  readonly defaultRuntime: string
  readonly runtimes: Readonly<Record<string, RuntimeConfig>>
  readonly logConfig: Required<LogConfig>
  readonly defaultShmSize: number
  readonly defaultStopTimeout: number
  readonly cgroupParent: string | undefined
  readonly labels: readonly string[]
  readonly debug: boolean
}
