// SPDX-License-Identifier: Apache-2.0
import type { ConformanceSuite } from '../harness/suite.ts'
import { baseCases, warningCases } from './base-cases.ts'
import { chunkCases } from './chunk-cases.ts'
import type { RegistryContext } from './context.ts'
import { discoveryCases } from './discovery-cases.ts'
import { managementCases } from './management-cases.ts'
import { manifestCases } from './manifest-cases.ts'
import { pullCases } from './pull-cases.ts'
import { referrerCases } from './referrer-cases.ts'
import { uploadCases } from './upload-cases.ts'

/**
 * OCI distribution-spec 1.1: a case for every sentence with which it binds a registry, named by section, endpoint and
 * level; what it demands of clients is no business of this suite. Capabilities: `push` (without it, what is pulled is
 * {@link RegistryContextInit.image}), `delete`, `delete-tag`, `referrers`, `catalog`, `sha512`,
 * `restart` ({@link RegistryContextInit.restart}).
 *
 * @public
 */
export const registrySuite: ConformanceSuite<RegistryContext> = {
  seam: 'registry',
  cases: [
    ...baseCases,
    ...pullCases,
    ...uploadCases,
    ...chunkCases,
    ...manifestCases,
    ...discoveryCases,
    ...referrerCases,
    ...managementCases,
    ...warningCases,
  ],
}
