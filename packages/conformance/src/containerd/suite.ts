// SPDX-License-Identifier: Apache-2.0
import type { ConformanceSuite } from '../harness/suite.ts'
import { containerCases } from './container-cases.ts'
import { contentCases } from './content-cases.ts'
import type { ContainerdContext } from './context.ts'
import { diffCases } from './diff-cases.ts'
import { eventCases } from './event-cases.ts'
import { imageCases } from './image-cases.ts'
import { leaseCases } from './lease-cases.ts'
import { namespaceCases } from './namespace-cases.ts'
import { processCases } from './process-cases.ts'
import { serverCases } from './server-cases.ts'
import { snapshotCases } from './snapshot-cases.ts'
import { taskCases } from './task-cases.ts'
import { uploadCases } from './upload-cases.ts'

/**
 * containerd's gRPC API: content, images, snapshots, layers, leases and garbage, records, events, tasks. Needs root.
 *
 * @public
 */
export const containerdSuite: ConformanceSuite<ContainerdContext> = {
  seam: 'containerd',
  cases: [
    ...serverCases,
    ...namespaceCases,
    ...uploadCases,
    ...contentCases,
    ...imageCases,
    ...snapshotCases,
    ...leaseCases,
    ...containerCases,
    ...eventCases,
    ...diffCases,
    ...taskCases,
    ...processCases,
  ],
}
