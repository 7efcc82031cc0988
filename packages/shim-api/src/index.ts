// SPDX-License-Identifier: Apache-2.0
/**
 * The shim v2 contract (seam S3): how containerd starts a shim, the Task service that a shim serves over ttrpc, and
 * the events that it brings back. Both sides are here: what a shim needs, and what its caller needs.
 *
 * @example
 * ```ts
 * import { connectShim, resolveShimBinary, startShim } from '@teu/shim-api'
 *
 * async function statusOf(bundle: string, id: string): Promise<number> {
 *   const binary = await resolveShimBinary('io.containerd.runc.v2')
 *   const reply = await startShim({ binary, namespace: 'default', id, bundle, address: '/run/containerd/containerd.sock' })
 *   using shim = connectShim(reply)
 *   return (await shim.task.state({ id, execId: '' }, { timeoutMs: 5000 })).status
 * }
 * ```
 *
 * @packageDocumentation
 */
export {
  bareTypeUrl,
  isAnyOf,
  type NamedCodec,
  ociTypeUrls,
  packAny,
  packJson,
  unpackAny,
  unpackJson,
} from './any.ts'
export { formatShimArguments, parseShimArguments, type ShimAction, type ShimArguments } from './bootstrap/argv.ts'
export {
  type BootstrapParams,
  encodeBootstrapResult,
  formatBootstrapParams,
  parseBootstrapParams,
} from './bootstrap/bootstrap-message.ts'
export { deleteWithShim, type ShimCall, shimCallTimeoutMs, startShim } from './bootstrap/call-shim.ts'
export { formatShimEnvironment, readShimEnvironment, type ShimEnvironment } from './bootstrap/environment.ts'
export { groupAnnotations } from './bootstrap/group-annotations.ts'
export { resolveShimBinary, type ShimSearch, shimBinaryName } from './bootstrap/runtime-name.ts'
export { maximumSocketPathLength, shimSocketPath } from './bootstrap/socket-path.ts'
export { formatStartReply, parseStartReply, type StartReply } from './bootstrap/start-reply.ts'
export { type TaskEventType, type TopicEvent, taskEvent, taskEvents } from './events/task-events.ts'
export {
  TaskCheckpointed,
  TaskCreate,
  TaskDelete,
  TaskExecAdded,
  TaskExecStarted,
  TaskExit,
  TaskIO,
  TaskOOM,
  TaskPaused,
  TaskResumed,
  TaskStart,
} from './gen/containerd/events/task.ts'
export { CreateOptions } from './gen/containerd/linux/runc/create_options.ts'
export { CheckpointOptions, Options as RuncOptions, ProcessDetails } from './gen/containerd/runc/v1/options.ts'
export { Envelope, EventsDefinition, ForwardRequest } from './gen/containerd/services/events/ttrpc/v1/events.ts'
export {
  CheckpointTaskRequest,
  CloseIORequest,
  ConnectRequest,
  ConnectResponse,
  CreateTaskRequest,
  CreateTaskResponse,
  DeleteRequest,
  DeleteResponse,
  ExecProcessRequest,
  KillRequest,
  PauseRequest,
  PidsRequest,
  PidsResponse,
  ResizePtyRequest,
  ResumeRequest,
  ShutdownRequest,
  StartRequest,
  StartResponse,
  StateRequest,
  StateResponse,
  StatsRequest,
  StatsResponse,
  TaskDefinition,
  UpdateTaskRequest,
  WaitRequest,
  WaitResponse,
} from './gen/containerd/task/v2/task.ts'
export { TaskDefinition as TaskV3Definition } from './gen/containerd/task/v3/task.ts'
export { RuntimeInfo, RuntimeVersion } from './gen/containerd/types/introspection.ts'
export { Mount } from './gen/containerd/types/mount.ts'
export { ProcessInfo, Status } from './gen/containerd/v1/types/task.ts'
export { Any } from './gen/google/protobuf/any.ts'
export { Empty } from './gen/google/protobuf/empty.ts'
export { Timestamp } from './gen/google/protobuf/timestamp.ts'
export { Metrics as MetricsV1 } from './gen/io/containerd/cgroups/v1/metrics.ts'
export { Metrics as MetricsV2 } from './gen/io/containerd/cgroups/v2/metrics.ts'
export { Options as RuntimeOptions } from './gen/runtimeoptions/v1/options.ts'
export {
  checkpointOptions,
  createOptions,
  metricsV1,
  metricsV2,
  processDetails,
  runcOptions,
  runtimeOptions,
} from './options/named-types.ts'
export { namespaceMetadata, namespaceMetadataKey } from './task/metadata.ts'
export {
  addTaskService,
  connectShim,
  type ShimConnection,
  type TaskService,
  taskApiVersions,
  taskClient,
} from './task/task-service.ts'
export { nanosFromTimestamp, timestampFromNanos, timestampNow } from './timestamp.ts'
