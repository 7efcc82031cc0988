// SPDX-License-Identifier: Apache-2.0

/** A volume, as inspect, list and create answer it. @public */
export interface Volume {
  Name: string
  Driver: string
  Mountpoint: string
  CreatedAt?: string
  Status?: Record<string, unknown>
  Labels: Record<string, string> | null
  Scope: string
  Options: Record<string, string> | null
  UsageData?: { Size: number; RefCount: number } | null
}

/** The body of `POST /volumes/create`. @public */
export interface VolumeCreateBody {
  Name?: string
  Driver?: string
  DriverOpts?: Record<string, string>
  Labels?: Record<string, string>
}

/** The answer of `GET /volumes`. @public */
export interface VolumeListResult {
  Volumes: Volume[] | null
  Warnings: string[] | null
}

/** The answer of `POST /volumes/prune`. @public */
export interface VolumesPruneResult {
  VolumesDeleted: string[] | null
  SpaceReclaimed: number
}
