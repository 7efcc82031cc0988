// SPDX-License-Identifier: Apache-2.0

/** A health check as the create body and images carry it; durations are nanoseconds, zero inherits. @public */
export interface HealthConfig {
  /** `[]` inherits, `['NONE']` disables, `['CMD', ...]` is an argv, `['CMD-SHELL', line]` goes through the shell. */
  Test?: string[]
  Interval?: number
  Timeout?: number
  StartPeriod?: number
  StartInterval?: number
  Retries?: number
}

/**
 * The portable part of a container: what it runs. Every field may be absent in a request; an absent field takes the
 * image's value.
 *
 * @public
 */
export interface ContainerConfig {
  Hostname?: string
  Domainname?: string
  /** `user`, `uid`, `user:group` or `uid:gid`; empty means root. */
  User?: string
  AttachStdin?: boolean
  AttachStdout?: boolean
  AttachStderr?: boolean
  /** Keys are `port/protocol`; the values are empty objects. */
  ExposedPorts?: Record<string, Record<string, never>>
  Tty?: boolean
  OpenStdin?: boolean
  /** Closes stdin after the first attached client has gone. */
  StdinOnce?: boolean
  Env?: string[]
  /** A lone string in a request means a one-element list. */
  Cmd?: string[] | null
  Healthcheck?: HealthConfig
  ArgsEscaped?: boolean
  /** The reference that the client gave, not an id. */
  Image?: string
  Volumes?: Record<string, Record<string, never>> | null
  WorkingDir?: string
  Entrypoint?: string[] | null
  NetworkDisabled?: boolean
  MacAddress?: string
  OnBuild?: string[] | null
  Labels?: Record<string, string>
  StopSignal?: string
  /** Seconds between the stop signal and SIGKILL; -1 waits for ever. */
  StopTimeout?: number
  Shell?: string[]
}

/** How the output of a container is kept. @public */
export interface LogConfig {
  Type?: string
  Config?: Record<string, string>
}

/** What happens after a container ends: `no`, `always`, `unless-stopped`, or `on-failure` up to a count. @public */
export interface RestartPolicy {
  Name?: string
  MaximumRetryCount?: number
}

/** One host address a container port is bound to; an empty port lets the engine choose. @public */
export interface PortBinding {
  HostIp?: string
  HostPort?: string
}

/** A device given to a container. @public */
export interface DeviceMapping {
  PathOnHost?: string
  PathInContainer?: string
  CgroupPermissions?: string
}

/** A device asked of a driver (GPUs and the like). @public */
export interface DeviceRequest {
  Driver?: string
  Count?: number
  DeviceIDs?: string[]
  Capabilities?: string[][]
  Options?: Record<string, string>
}

/** A resource limit of the container's processes. @public */
export interface Ulimit {
  Name?: string
  Hard?: number
  Soft?: number
}

/** A block device's weight. @public */
export interface WeightDevice {
  Path?: string
  Weight?: number
}

/** A block device's rate, bytes or operations a second. @public */
export interface ThrottleDevice {
  Path?: string
  Rate?: number
}

/** Options of a bind mount. @public */
export interface BindOptions {
  Propagation?: string
  NonRecursive?: boolean
  CreateMountpoint?: boolean
  ReadOnlyNonRecursive?: boolean
  ReadOnlyForceRecursive?: boolean
}

/** Options of a volume mount. @public */
export interface VolumeOptions {
  NoCopy?: boolean
  Labels?: Record<string, string>
  Subpath?: string
  DriverConfig?: { Name?: string; Options?: Record<string, string> }
}

/** Options of a tmpfs mount. @public */
export interface TmpfsOptions {
  SizeBytes?: number
  Mode?: number
  Options?: string[][]
}

/** One mount of the create body, in the long form. @public */
export interface Mount {
  /** `bind`, `volume`, `tmpfs`, `image`, `npipe` or `cluster`. */
  Type?: string
  Source?: string
  Target?: string
  ReadOnly?: boolean
  Consistency?: string
  BindOptions?: BindOptions
  VolumeOptions?: VolumeOptions
  ImageOptions?: { Subpath?: string }
  TmpfsOptions?: TmpfsOptions
}

/** Limits of a container's resources; bytes, nanoseconds or shares. Zero or absent means no limit. @public */
export interface Resources {
  CpuShares?: number
  Memory?: number
  NanoCpus?: number
  CgroupParent?: string
  BlkioWeight?: number
  BlkioWeightDevice?: WeightDevice[] | null
  BlkioDeviceReadBps?: ThrottleDevice[] | null
  BlkioDeviceWriteBps?: ThrottleDevice[] | null
  BlkioDeviceReadIOps?: ThrottleDevice[] | null
  BlkioDeviceWriteIOps?: ThrottleDevice[] | null
  CpuPeriod?: number
  CpuQuota?: number
  CpuRealtimePeriod?: number
  CpuRealtimeRuntime?: number
  CpusetCpus?: string
  CpusetMems?: string
  Devices?: DeviceMapping[] | null
  DeviceCgroupRules?: string[] | null
  DeviceRequests?: DeviceRequest[] | null
  MemoryReservation?: number
  MemorySwap?: number
  MemorySwappiness?: number | null
  OomKillDisable?: boolean | null
  /** Runs the built-in init as process 1. */
  Init?: boolean | null
  PidsLimit?: number | null
  Ulimits?: Ulimit[] | null
  /** Of Windows containers, as the next three: always zero on Linux. */
  CpuCount?: number
  CpuPercent?: number
  IOMaximumIOps?: number
  IOMaximumBandwidth?: number
}

/** The part of a container that belongs to this host: mounts, ports, limits, privileges. @public */
export interface HostConfig extends Resources {
  Binds?: string[] | null
  ContainerIDFile?: string
  LogConfig?: LogConfig
  /** `default`, `bridge`, `host`, `none`, `container:<id>` or a network's name. */
  NetworkMode?: string
  PortBindings?: Record<string, PortBinding[] | null>
  RestartPolicy?: RestartPolicy
  AutoRemove?: boolean
  VolumeDriver?: string
  VolumesFrom?: string[] | null
  Mounts?: Mount[]
  /** Height and width of the terminal to start with. */
  ConsoleSize?: number[]
  Annotations?: Record<string, string>
  CapAdd?: string[] | null
  CapDrop?: string[] | null
  /** `private`, `host`, or empty for the engine's default. */
  CgroupnsMode?: string
  Dns?: string[] | null
  DnsOptions?: string[] | null
  DnsSearch?: string[] | null
  ExtraHosts?: string[] | null
  GroupAdd?: string[] | null
  IpcMode?: string
  Cgroup?: string
  Links?: string[] | null
  OomScoreAdj?: number
  PidMode?: string
  Privileged?: boolean
  PublishAllPorts?: boolean
  ReadonlyRootfs?: boolean
  SecurityOpt?: string[] | null
  StorageOpt?: Record<string, string>
  /** Keys are paths, values are mount options. */
  Tmpfs?: Record<string, string>
  UTSMode?: string
  UsernsMode?: string
  /** Bytes of /dev/shm. */
  ShmSize?: number
  Sysctls?: Record<string, string>
  Runtime?: string
  Isolation?: string
  MaskedPaths?: string[] | null
  ReadonlyPaths?: string[] | null
}
