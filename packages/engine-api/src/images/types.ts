// SPDX-License-Identifier: Apache-2.0
import type { ContainerConfig } from '../containers/config.ts'
import type { PlatformDescriptor } from '../containers/types.ts'

/** One row of `GET /images/json`. @public */
export interface ImageSummary {
  /** Digest of the image's config (or of its manifest, in an engine that keeps images by manifest). */
  Id: string
  ParentId: string
  RepoTags: string[]
  RepoDigests: string[]
  /** Seconds since 1970. */
  Created: number
  Size: number
  /** Bytes shared with other images; -1 when not counted. */
  SharedSize: number
  Labels: Record<string, string> | null
  /** Containers that use the image; -1 when not counted. */
  Containers: number
  Descriptor?: PlatformDescriptor
  Manifests?: unknown[]
}

/** The answer of `GET /images/{name}/json`. @public */
export interface ImageInspect {
  Id: string
  RepoTags: string[]
  RepoDigests: string[]
  Parent: string
  Comment: string
  Created?: string
  DockerVersion: string
  Author: string
  Config: ContainerConfig | null
  Architecture: string
  Variant?: string
  Os: string
  OsVersion?: string
  Size: number
  GraphDriver: { Name: string; Data: Record<string, string> | null }
  RootFS: { Type: string; Layers?: string[] }
  Metadata: { LastTagTime?: string }
  Descriptor?: PlatformDescriptor
  Manifests?: unknown[]
}

/** One row of `GET /images/{name}/history`, newest first. @public */
export interface ImageHistoryItem {
  Id: string
  /** Seconds since 1970. */
  Created: number
  CreatedBy: string
  Tags: string[] | null
  Size: number
  Comment: string
}

/** One row of the answer to an image removal: a name or an id that is gone. @public */
export interface ImageDeleteItem {
  Untagged?: string
  Deleted?: string
}

/** The answer of `POST /images/prune`. @public */
export interface ImagesPruneResult {
  ImagesDeleted: ImageDeleteItem[] | null
  SpaceReclaimed: number
}

/** Credentials for one registry, as `X-Registry-Auth` carries them (base64url JSON). @public */
export interface AuthConfig {
  username?: string
  password?: string
  email?: string
  serveraddress?: string
  identitytoken?: string
  registrytoken?: string
}

/** How far one step of a transfer is; bytes unless `units` says otherwise. @public */
export interface ProgressDetail {
  current?: number
  total?: number
  start?: number
  hidecounts?: boolean
  units?: string
}

/** One line of a progress stream (pull, push, load, build). @public */
export interface ProgressMessage {
  status?: string
  /** The layer or tag that the line is about; lines with one are redrawn in place. */
  id?: string
  progressDetail?: ProgressDetail
  progress?: string
  /** Raw text, for load and build. */
  stream?: string
  /** A result for programs, as a push's tag and digest. */
  aux?: unknown
  error?: string
  errorDetail?: { code?: number; message: string }
}
