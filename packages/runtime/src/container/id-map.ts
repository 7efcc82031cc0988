// SPDX-License-Identifier: Apache-2.0
import type { LinuxIdMapping } from '@teu/oci-spec/runtime'
import { mapsOnlySelf } from '../launch/id-maps.ts'
import type { ContainerSpec } from '../spec/check-spec.ts'
import { namespaceOf } from '../spec/namespaces.ts'

/** Whether the process may call setgroups(2): not where an unprivileged caller has mapped only itself. @internal */
export function maySetGroups(spec: ContainerSpec): boolean {
  if (namespaceOf(spec, 'user') === 'inherit' || process.geteuid?.() === 0) return true
  const mappings: readonly LinuxIdMapping[] = spec.linux?.gidMappings ?? []
  return !mapsOnlySelf(mappings, process.getegid?.() ?? 0)
}
