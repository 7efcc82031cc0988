// SPDX-License-Identifier: Apache-2.0
import type { EndpointSettings, NetworkingConfig } from '../networks/types.ts'
import type { ContainerConfig, HostConfig, PortBinding } from './config.ts'

/** The body of `POST /containers/create`: the container's config with the other two parts beside it. @public */
export interface ContainerCreateBody extends ContainerConfig {
  HostConfig?: HostConfig
  NetworkingConfig?: NetworkingConfig
}

/** The answer to a create; warnings are meant for people. @public */
export interface ContainerCreateResult {
  Id: string
  Warnings: string[]
}

/** The words a container's state is spelt with. @public */
export const containerStatuses = ['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead'] as const

/** One of {@link containerStatuses}. @public */
export type ContainerStatus = (typeof containerStatuses)[number]

/** The result of one health probe. @public */
export interface HealthcheckResult {
  Start: string
  End: string
  ExitCode: number
  Output: string
}

/** Where health checking stands. @public */
export interface Health {
  Status: 'none' | 'starting' | 'healthy' | 'unhealthy'
  FailingStreak: number
  Log: HealthcheckResult[]
}

/** The state block of an inspect answer. Times are RFC 3339; year 1 means never. @public */
export interface ContainerStateInfo {
  Status: ContainerStatus
  Running: boolean
  Paused: boolean
  Restarting: boolean
  OOMKilled: boolean
  Dead: boolean
  /** Host pid of process 1; 0 when not running. */
  Pid: number
  ExitCode: number
  Error: string
  StartedAt: string
  FinishedAt: string
  Health?: Health
}

/** One mount of a container, as inspect and list show it. @public */
export interface MountPoint {
  Type: string
  Name?: string
  Source: string
  Destination: string
  Driver?: string
  Mode: string
  RW: boolean
  Propagation: string
}

/** The network block of an inspect answer. @public */
export interface NetworkSettings {
  Bridge: string
  SandboxID: string
  SandboxKey: string
  /** Keys are `port/protocol`; null means exposed but not published. */
  Ports: Record<string, PortBinding[] | null>
  HairpinMode: boolean
  LinkLocalIPv6Address: string
  LinkLocalIPv6PrefixLen: number
  SecondaryIPAddresses: null
  SecondaryIPv6Addresses: null
  EndpointID: string
  Gateway: string
  GlobalIPv6Address: string
  GlobalIPv6PrefixLen: number
  IPAddress: string
  IPPrefixLen: number
  IPv6Gateway: string
  MacAddress: string
  Networks: Record<string, EndpointSettings>
}

/** An OCI descriptor with the platform it is for, as inspect answers carry it since API 1.48. @public */
export interface PlatformDescriptor {
  mediaType: string
  digest: string
  size: number
  platform?: { architecture: string; os: string; variant?: string }
}

/** The answer of `GET /containers/{id}/json`. @public */
export interface ContainerInspect {
  Id: string
  Created: string
  Path: string
  Args: string[]
  State: ContainerStateInfo
  Image: string
  ResolvConfPath: string
  HostnamePath: string
  HostsPath: string
  LogPath: string
  Name: string
  RestartCount: number
  Driver: string
  Platform: string
  MountLabel: string
  ProcessLabel: string
  AppArmorProfile: string
  ExecIDs: string[] | null
  HostConfig: HostConfig
  GraphDriver: { Name: string; Data: Record<string, string> | null }
  SizeRw?: number
  SizeRootFs?: number
  Mounts: MountPoint[]
  Config: ContainerConfig
  NetworkSettings: NetworkSettings
  ImageManifestDescriptor?: PlatformDescriptor
}

/** One port of a list answer. @public */
export interface PortSummary {
  IP?: string
  PrivatePort: number
  PublicPort?: number
  Type: string
}

/** One row of `GET /containers/json`. @public */
export interface ContainerSummary {
  Id: string
  /** Each starts with `/`. */
  Names: string[]
  Image: string
  ImageID: string
  ImageManifestDescriptor?: PlatformDescriptor
  Command: string
  /** Seconds since 1970. */
  Created: number
  Ports: PortSummary[]
  SizeRw?: number
  SizeRootFs?: number
  Labels: Record<string, string>
  State: ContainerStatus
  /** For people: `Up 2 minutes`, `Exited (0) 8 days ago`. */
  Status: string
  HostConfig: { NetworkMode: string; Annotations?: Record<string, string> }
  NetworkSettings: { Networks: Record<string, EndpointSettings> }
  Mounts: MountPoint[]
}

/** The answer of `GET /containers/{id}/top`: `ps` titles and the rows of the container's processes. @public */
export interface ContainerTopResult {
  Titles: string[]
  Processes: string[][]
}

/** When a wait ends: the container is not running, ends the next time, or is gone. @public */
export type WaitCondition = 'not-running' | 'next-exit' | 'removed'

/** The answer of `POST /containers/{id}/wait`. @public */
export interface ContainerWaitResult {
  StatusCode: number
  Error?: { Message: string }
}

/** The answer of `POST /containers/prune`. @public */
export interface ContainersPruneResult {
  ContainersDeleted: string[] | null
  SpaceReclaimed: number
}

/** The header value that describes a file inside a container (`X-Docker-Container-Path-Stat`). @public */
export interface ContainerPathStat {
  name: string
  size: number
  /** Go's FileMode bits. */
  mode: number
  mtime: string
  linkTarget: string
}

/** The answer of `POST /containers/{id}/update`. @public */
export interface ContainerUpdateResult {
  Warnings: string[] | null
}
