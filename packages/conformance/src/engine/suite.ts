// SPDX-License-Identifier: Apache-2.0
import type { ConformanceSuite } from '../harness/suite.ts'
import { containerCases } from './container-cases.ts'
import type { EngineContext } from './context.ts'
import { streamCases } from './stream-cases.ts'
import { transportCases } from './transport-cases.ts'

/** The Docker Engine API: transport rules, containers, streams. Needs an image with `sh` on the engine. @public */
export const engineSuite: ConformanceSuite<EngineContext> = {
  seam: 'engine',
  cases: [...transportCases, ...containerCases, ...streamCases],
}
