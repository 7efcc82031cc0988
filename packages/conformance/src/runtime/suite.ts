// SPDX-License-Identifier: Apache-2.0
import type { ConformanceSuite } from '../harness/suite.ts'
import type { RuntimeContext } from './context.ts'
import { environmentCases } from './environment-cases.ts'
import { lifecycleCases } from './lifecycle-cases.ts'

/** The OCI runtime command line: life cycle, and what a container sees. Needs root. Capabilities: `pause`. @public */
export const runtimeSuite: ConformanceSuite<RuntimeContext> = {
  seam: 'runtime',
  cases: [...lifecycleCases, ...environmentCases],
}
