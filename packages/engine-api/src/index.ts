// SPDX-License-Identifier: Apache-2.0
/**
 * The contract of the engine seam: the Docker Engine HTTP API as types, routes as data, codecs for its queries,
 * errors and streams, and a client. A server and a client that share this package agree by construction; either
 * side can be exchanged for an original.
 *
 * @example
 * ```ts
 * import { createEngineClient } from '@teu/engine-api'
 *
 * await using engine = createEngineClient({ host: 'unix:///run/teu/engine.sock' })
 * for (const { Names, Status } of await engine.containerList({ all: true })) console.log(Names[0], Status)
 * ```
 *
 * @packageDocumentation
 */
export {
  checkApiVersion,
  compareApiVersions,
  currentApiVersion,
  minimumApiVersion,
  splitApiVersion,
  type VersionedPath,
} from './api-version.ts'
export type { Decoder } from './body/decoder.ts'
export { checkJsonContentType, maximumBodyDepth, maximumJsonBody, parseBody } from './body/parse-body.ts'
export type {
  ContainerArchive,
  ContainerAttachOptions,
  ContainerLogsOptions,
  ContainerStreamCalls,
} from './client/container-streams.ts'
export type {
  ContainerCalls,
  ContainerCreateOptions,
  ContainerListOptions,
  ContainerRemoveOptions,
  ContainerStopOptions,
  ContainerWait,
} from './client/containers.ts'
export { createEngineClient, type EngineClient } from './client/engine-client.ts'
export type { ExecCalls } from './client/exec.ts'
export type {
  ImageCalls,
  ImagePlatformOptions,
  ImagePullOptions,
  ImagePushOptions,
  ImageRemoveOptions,
} from './client/images.ts'
export type { NetworkCalls } from './client/networks.ts'
export type { EventsOptions, SystemCalls } from './client/system.ts'
export type { CallOptions, EngineClientOptions, EngineTls, HijackedConnection } from './client/transport.ts'
export type { VolumeCalls } from './client/volumes.ts'
export type {
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
} from './containers/config.ts'
export {
  decodeContainerConfig,
  decodeContainerCreate,
  decodeContainerUpdate,
  decodeHostConfig,
} from './containers/decode.ts'
export { containerRoutes } from './containers/routes.ts'
export {
  type ContainerCreateBody,
  type ContainerCreateResult,
  type ContainerInspect,
  type ContainerPathStat,
  type ContainerStateInfo,
  type ContainerStatus,
  type ContainerSummary,
  type ContainersPruneResult,
  type ContainerTopResult,
  type ContainerUpdateResult,
  type ContainerWaitResult,
  containerStatuses,
  type Health,
  type HealthcheckResult,
  type MountPoint,
  type NetworkSettings,
  type PlatformDescriptor,
  type PortSummary,
  type WaitCondition,
} from './containers/types.ts'
export { decodeError, type ErrorReply, encodeError, maximumErrorBody } from './errors.ts'
export { type EventMessage, type EventType, eventTypes } from './events/types.ts'
export { decodeExecCreate, decodeExecStart } from './exec/decode.ts'
export { execRoutes } from './exec/routes.ts'
export type { ExecCreateBody, ExecCreateResult, ExecInspect, ExecStartBody } from './exec/types.ts'
export { decodeAuthConfig } from './images/decode.ts'
export { imageRoutes } from './images/routes.ts'
export type {
  AuthConfig,
  ImageDeleteItem,
  ImageHistoryItem,
  ImageInspect,
  ImageSummary,
  ImagesPruneResult,
  ProgressDetail,
  ProgressMessage,
} from './images/types.ts'
export { decodeNetworkConnect, decodeNetworkCreate, decodeNetworkDisconnect } from './networks/decode.ts'
export { networkRoutes } from './networks/routes.ts'
export type {
  EndpointIpamConfig,
  EndpointSettings,
  Ipam,
  IpamPool,
  NetworkConnectBody,
  NetworkCreateBody,
  NetworkCreateResult,
  NetworkDisconnectBody,
  NetworkedContainer,
  NetworkInspect,
  NetworkingConfig,
  NetworksPruneResult,
} from './networks/types.ts'
export { buildTarget, compilePath, type PathMatcher, type PathParameters } from './path.ts'
export { pluginRoutes } from './plugins/routes.ts'
export { decodeQuery } from './query/decode-query.ts'
export {
  booleanFilter,
  checkFilters,
  decodeFilters,
  encodeFilters,
  type Filters,
  matchesLabelFilters,
  matchesLabels,
} from './query/filters.ts'
export { decodeFlag } from './query/flag.ts'
export { decodePlatform, encodePlatform, type QueryPlatform } from './query/platform.ts'
export { decodeTimestamp, parseDuration } from './query/timestamp.ts'
export { decodeRegistryAuth, encodeRegistryAuth, registryAuthHeader } from './registry-auth.ts'
export {
  type AnswerKind,
  type BodyKind,
  type QueryKind,
  type QueryOf,
  type QueryValues,
  type Route,
  route,
} from './route.ts'
export { decodeJsonLines, defaultLineLimit, encodeJsonLine } from './stream/json-lines.ts'
export {
  decodeFrames,
  encodeFrame,
  frameHeaderLength,
  type StreamFrame,
  type StreamName,
  streamIds,
} from './stream/multiplexed.ts'
export { multiplexedStreamType, rawStreamType, streamContentType, upgradeHead } from './stream/upgrade.ts'
export { notASwarmManager, swarmPaths } from './swarm/routes.ts'
export { systemRoutes } from './system/routes.ts'
export type {
  AuthResult,
  CommitInfo,
  DiskUsageResult,
  InfoResult,
  PingResult,
  VersionComponent,
  VersionResult,
} from './system/types.ts'
export { decodeVolumeCreate } from './volumes/decode.ts'
export { volumeRoutes } from './volumes/routes.ts'
export type { Volume, VolumeCreateBody, VolumeListResult, VolumesPruneResult } from './volumes/types.ts'
