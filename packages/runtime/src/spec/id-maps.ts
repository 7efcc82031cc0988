// SPDX-License-Identifier: Apache-2.0
import type { LinuxIdMapping } from '@teu/oci-spec/runtime'

/** The lines of a `uid_map` or `gid_map` file (user_namespaces(7)). @internal */
export function formatIdMap(mappings: readonly LinuxIdMapping[]): string {
  return mappings.map(({ containerID, hostID, size }) => `${containerID} ${hostID} ${size}\n`).join('')
}
