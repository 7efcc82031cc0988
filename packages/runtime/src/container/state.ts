// SPDX-License-Identifier: Apache-2.0
import type { ContainerStatus } from '@teu/oci-spec/runtime'

/** What is known of a container; the keys and their order are those of `runc state`. @public */
export interface ContainerState {
  ociVersion: string
  id: string
  /** Init's pid in the caller's pid namespace; 0 once it has stopped. */
  pid: number
  status: ContainerStatus
  /** Absolute path of the bundle. */
  bundle: string
  /** Absolute path of the root file system. */
  rootfs: string
  /** When it was created, RFC 3339. */
  created: string
  annotations?: Record<string, string>
  /** Name of the user who created it; empty when unknown. */
  owner: string
}
