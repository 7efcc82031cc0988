// SPDX-License-Identifier: Apache-2.0
import type { ConformanceSuite } from '../harness/suite.ts'
import { bootstrapCases } from './bootstrap-cases.ts'
import type { ShimContext } from './context.ts'
import { endCases } from './end-cases.ts'
import { execCases } from './exec-cases.ts'
import { lifeCases } from './life-cases.ts'
import { streamCases } from './stream-cases.ts'
import { wireCases } from './wire-cases.ts'

/**
 * The shim v2 contract: bootstrap, the Task service over ttrpc, events, streams, and what is left after an end. Needs
 * root.
 *
 * @public
 */
export const shimSuite: ConformanceSuite<ShimContext> = {
  seam: 'shim',
  cases: [...bootstrapCases, ...lifeCases, ...execCases, ...streamCases, ...wireCases, ...endCases],
}
