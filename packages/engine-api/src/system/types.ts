// SPDX-License-Identifier: Apache-2.0
import type { ContainerSummary } from '../containers/types.ts'
import type { ImageSummary } from '../images/types.ts'
import type { Volume } from '../volumes/types.ts'

/** One part of the engine in the version answer. @public */
export interface VersionComponent {
  Name: string
  Version: string
  Details?: Record<string, string>
}

/** The answer of `GET /version`. @public */
export interface VersionResult {
  Platform: { Name: string }
  Components: VersionComponent[]
  Version: string
  ApiVersion: string
  MinAPIVersion: string
  GitCommit: string
  GoVersion: string
  Os: string
  Arch: string
  KernelVersion: string
  Experimental?: boolean
  BuildTime: string
}

/** A commit as `info` shows it. @public */
export interface CommitInfo {
  ID: string
  Expected?: string
}

/** The answer of `GET /info`. @public */
export interface InfoResult {
  ID: string
  Containers: number
  ContainersRunning: number
  ContainersPaused: number
  ContainersStopped: number
  Images: number
  Driver: string
  DriverStatus: [string, string][]
  Plugins: { Volume: string[]; Network: string[]; Authorization: string[] | null; Log: string[] }
  MemoryLimit: boolean
  SwapLimit: boolean
  CpuCfsPeriod: boolean
  CpuCfsQuota: boolean
  CPUShares: boolean
  CPUSet: boolean
  PidsLimit: boolean
  IPv4Forwarding: boolean
  Debug: boolean
  NFd: number
  OomKillDisable: boolean
  NGoroutines: number
  SystemTime: string
  LoggingDriver: string
  CgroupDriver: string
  CgroupVersion: string
  NEventsListener: number
  KernelVersion: string
  OperatingSystem: string
  OSVersion: string
  OSType: string
  Architecture: string
  IndexServerAddress: string
  RegistryConfig: {
    /** Of API versions before 1.49. */
    AllowNondistributableArtifactsCIDRs?: null
    AllowNondistributableArtifactsHostnames?: null
    InsecureRegistryCIDRs: string[]
    IndexConfigs: Record<string, { Name: string; Mirrors: string[]; Secure: boolean; Official: boolean }>
    Mirrors: string[] | null
  }
  NCPU: number
  MemTotal: number
  GenericResources: null
  DockerRootDir: string
  HttpProxy: string
  HttpsProxy: string
  NoProxy: string
  Name: string
  Labels: string[]
  ExperimentalBuild: boolean
  ServerVersion: string
  Runtimes: Record<string, { path?: string; runtimeType?: string; status?: Record<string, string> }>
  DefaultRuntime: string
  Swarm: {
    NodeID: string
    NodeAddr: string
    LocalNodeState: string
    ControlAvailable: boolean
    Error: string
    RemoteManagers: null
  }
  LiveRestoreEnabled: boolean
  Isolation: string
  InitBinary: string
  ContainerdCommit: CommitInfo
  RuncCommit: CommitInfo
  InitCommit: CommitInfo
  SecurityOptions: string[]
  CDISpecDirs?: string[]
  DiscoveredDevices?: unknown[]
  DefaultAddressPools?: { Base: string; Size: number }[]
  FirewallBackend?: { Driver: string; Info?: [string, string][] }
  Warnings: string[] | null
}

/** The answer of `POST /auth`. @public */
export interface AuthResult {
  Status: string
  IdentityToken: string
}

/** The answer of `GET /system/df`. @public */
export interface DiskUsageResult {
  LayersSize: number
  Images: ImageSummary[] | null
  Containers: ContainerSummary[] | null
  Volumes: Volume[] | null
  BuildCache: unknown[] | null
}

/** What a ping's headers say. @public */
export interface PingResult {
  /** Highest API version the server speaks; `1.24` when the header is missing. */
  apiVersion: string
  osType: string
  experimental: boolean
  /** `1` for the classic builder, `2` for BuildKit. */
  builderVersion: string
  /** `inactive`, `pending`, `error`, `locked`, `active/worker` or `active/manager`; undefined when not sent. */
  swarm?: string
  server?: string
}
