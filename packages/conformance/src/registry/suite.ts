// SPDX-License-Identifier: Apache-2.0
import type { ConformanceSuite } from '../harness/suite.ts'
import type { RegistryContext } from './context.ts'
import { managementCases } from './management-cases.ts'
import { pullCases } from './pull-cases.ts'
import { pushCases } from './push-cases.ts'

/** OCI distribution: pull, push, tags, deletes. Capabilities: `delete`, `delete-tag`, `referrers`. @public */
export const registrySuite: ConformanceSuite<RegistryContext> = {
  seam: 'registry',
  cases: [...pullCases, ...pushCases, ...managementCases],
}
