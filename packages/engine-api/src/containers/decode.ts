// SPDX-License-Identifier: Apache-2.0
import {
  bool,
  both,
  type Decoder,
  emptyObject,
  integer,
  list,
  nullable,
  record,
  struct,
  text,
  words,
} from '../body/decoder.ts'
import { decodeNetworkingConfig } from '../networks/decode.ts'
import type { NetworkingConfig } from '../networks/types.ts'
import type {
  BindOptions,
  ContainerConfig,
  DeviceMapping,
  DeviceRequest,
  HealthConfig,
  HostConfig,
  LogConfig,
  Mount,
  PortBinding,
  Resources,
  RestartPolicy,
  ThrottleDevice,
  TmpfsOptions,
  Ulimit,
  VolumeOptions,
  WeightDevice,
} from './config.ts'
import type { ContainerCreateBody } from './types.ts'

const healthConfig = struct<HealthConfig>('HealthConfig', {
  Test: list(text),
  Interval: integer,
  Timeout: integer,
  StartPeriod: integer,
  StartInterval: integer,
  Retries: integer,
})

/** Decodes a container's portable config; also the body of a commit. @public */
export const decodeContainerConfig: Decoder<ContainerConfig> = struct<ContainerConfig>('Config', {
  Hostname: text,
  Domainname: text,
  User: text,
  AttachStdin: bool,
  AttachStdout: bool,
  AttachStderr: bool,
  ExposedPorts: record(emptyObject),
  Tty: bool,
  OpenStdin: bool,
  StdinOnce: bool,
  Env: list(text),
  Cmd: words,
  Healthcheck: healthConfig,
  ArgsEscaped: bool,
  Image: text,
  Volumes: record(emptyObject),
  WorkingDir: text,
  Entrypoint: words,
  NetworkDisabled: bool,
  MacAddress: text,
  OnBuild: list(text),
  Labels: record(text),
  StopSignal: text,
  StopTimeout: integer,
  Shell: words,
})

const weightDevices = list(struct<WeightDevice>('WeightDevice', { Path: text, Weight: integer }))
const throttleDevices = list(struct<ThrottleDevice>('ThrottleDevice', { Path: text, Rate: integer }))

const resources: Decoder<Resources> = struct<Resources>('Resources', {
  CpuShares: integer,
  Memory: integer,
  NanoCpus: integer,
  CgroupParent: text,
  BlkioWeight: integer,
  BlkioWeightDevice: weightDevices,
  BlkioDeviceReadBps: throttleDevices,
  BlkioDeviceWriteBps: throttleDevices,
  BlkioDeviceReadIOps: throttleDevices,
  BlkioDeviceWriteIOps: throttleDevices,
  CpuPeriod: integer,
  CpuQuota: integer,
  CpuRealtimePeriod: integer,
  CpuRealtimeRuntime: integer,
  CpusetCpus: text,
  CpusetMems: text,
  Devices: list(
    struct<DeviceMapping>('DeviceMapping', { PathOnHost: text, PathInContainer: text, CgroupPermissions: text }),
  ),
  DeviceCgroupRules: list(text),
  DeviceRequests: list(
    struct<DeviceRequest>('DeviceRequest', {
      Driver: text,
      Count: integer,
      DeviceIDs: list(text),
      Capabilities: list(list(text)),
      Options: record(text),
    }),
  ),
  MemoryReservation: integer,
  MemorySwap: integer,
  MemorySwappiness: integer,
  OomKillDisable: bool,
  Init: bool,
  PidsLimit: integer,
  Ulimits: list(struct<Ulimit>('Ulimit', { Name: text, Hard: integer, Soft: integer })),
  CpuCount: integer,
  CpuPercent: integer,
  IOMaximumIOps: integer,
  IOMaximumBandwidth: integer,
})

const mount = struct<Mount>('Mount', {
  Type: text,
  Source: text,
  Target: text,
  ReadOnly: bool,
  Consistency: text,
  BindOptions: struct<BindOptions>('BindOptions', {
    Propagation: text,
    NonRecursive: bool,
    CreateMountpoint: bool,
    ReadOnlyNonRecursive: bool,
    ReadOnlyForceRecursive: bool,
  }),
  VolumeOptions: struct<VolumeOptions>('VolumeOptions', {
    NoCopy: bool,
    Labels: record(text),
    Subpath: text,
    DriverConfig: struct('Driver', { Name: text, Options: record(text) }),
  }),
  ImageOptions: struct('ImageOptions', { Subpath: text }),
  TmpfsOptions: struct<TmpfsOptions>('TmpfsOptions', { SizeBytes: integer, Mode: integer, Options: list(list(text)) }),
})

const restartPolicy = struct<RestartPolicy>('RestartPolicy', { Name: text, MaximumRetryCount: integer })

const hostOnly = struct<Omit<HostConfig, keyof Resources>>('HostConfig', {
  Binds: list(text),
  ContainerIDFile: text,
  LogConfig: struct<LogConfig>('LogConfig', { Type: text, Config: record(text) }),
  NetworkMode: text,
  PortBindings: record(nullable(list(struct<PortBinding>('PortBinding', { HostIp: text, HostPort: text })))),
  RestartPolicy: restartPolicy,
  AutoRemove: bool,
  VolumeDriver: text,
  VolumesFrom: list(text),
  Mounts: list(mount),
  ConsoleSize: list(integer),
  Annotations: record(text),
  CapAdd: words,
  CapDrop: words,
  CgroupnsMode: text,
  Dns: list(text),
  DnsOptions: list(text),
  DnsSearch: list(text),
  ExtraHosts: list(text),
  GroupAdd: list(text),
  IpcMode: text,
  Cgroup: text,
  Links: list(text),
  OomScoreAdj: integer,
  PidMode: text,
  Privileged: bool,
  PublishAllPorts: bool,
  ReadonlyRootfs: bool,
  SecurityOpt: list(text),
  StorageOpt: record(text),
  Tmpfs: record(text),
  UTSMode: text,
  UsernsMode: text,
  ShmSize: integer,
  Sysctls: record(text),
  Runtime: text,
  Isolation: text,
  MaskedPaths: list(text),
  ReadonlyPaths: list(text),
})

/** Decodes the host's part of a container. @public */
export const decodeHostConfig: Decoder<HostConfig> = both(hostOnly, resources)

/** Decodes the body of `POST /containers/create`. @public */
export const decodeContainerCreate: Decoder<ContainerCreateBody> = both(
  decodeContainerConfig,
  struct<{ HostConfig?: HostConfig; NetworkingConfig?: NetworkingConfig }>('CreateRequest', {
    HostConfig: decodeHostConfig,
    NetworkingConfig: decodeNetworkingConfig,
  }),
)

/** Decodes the body of `POST /containers/{id}/update`. @public */
export const decodeContainerUpdate: Decoder<Resources & { RestartPolicy?: RestartPolicy }> = both(
  resources,
  struct<{ RestartPolicy?: RestartPolicy }>('UpdateConfig', { RestartPolicy: restartPolicy }),
)
