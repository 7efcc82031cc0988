// SPDX-License-Identifier: Apache-2.0
import type { VolumeService } from '../../volumes/volume-service.ts'

/** What the routes of volumes need of the volume service. */
export type VolumeBackend = Pick<VolumeService, 'list' | 'inspect' | 'create' | 'remove' | 'prune'>
