// SPDX-License-Identifier: Apache-2.0
/**
 * The contract of containerd's gRPC API: messages and service definitions, a client for any containerd, the server
 * side for any implementation, and the rules that both ends share (filters, labels, identifiers, errors). It serves
 * the seam between an engine and a containerd, and consumes none.
 *
 * Every service has one interface and three doors: an in-process object, the proxy that {@link connectContainerd}
 * makes, and the wire service of {@link serveContainerd}.
 *
 * @example
 * ```ts
 * import { connectContainerd, inNamespace } from '@teu/containerd-api'
 *
 * await using containerd = connectContainerd({ address: '/run/teu/containerd.sock' })
 * const { images } = await containerd.images.list({ filters: [] }, inNamespace('default'))
 * for (const image of images) console.log(image.name, image.target?.digest)
 * ```
 *
 * @packageDocumentation
 */
export { ociTypeUrls, packAny, packJson, typeNameOf, unpackAny, unpackJson } from './any.ts'
export { type ConnectContainerdOptions, connectContainerd } from './client/connect.ts'
export { readBlob, readSmallBlob } from './content/read-blob.ts'
export { type BlobSource, type WriteBlobInit, type WriteBlobResult, writeBlob } from './content/write-blob.ts'
export { errorFromGrpcStatus, type GrpcStatus, grpcStatusOf } from './errors.ts'
export { always, type FieldLookup, type Filter, type FilterCondition, parseFilters } from './filters/filter.ts'
export { type FilterableFields, lookupIn } from './filters/lookups.ts'
export { compilePattern } from './filters/pattern.ts'
export {
  ContainerCreate,
  ContainerCreate_Runtime as ContainerCreateRuntime,
  ContainerDelete,
  ContainerUpdate,
} from './gen/containerd/events/container.ts'
export { ContentCreate, ContentDelete } from './gen/containerd/events/content.ts'
export { ImageCreate, ImageDelete, ImageUpdate } from './gen/containerd/events/image.ts'
export { NamespaceCreate, NamespaceDelete, NamespaceUpdate } from './gen/containerd/events/namespace.ts'
export { SnapshotCommit, SnapshotPrepare, SnapshotRemove } from './gen/containerd/events/snapshot.ts'
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
export {
  Container,
  Container_Runtime as ContainerRuntime,
  ContainersDefinition,
  CreateContainerRequest,
  CreateContainerResponse,
  DeleteContainerRequest,
  GetContainerRequest,
  GetContainerResponse,
  ListContainerMessage,
  ListContainersRequest,
  ListContainersResponse,
  UpdateContainerRequest,
  UpdateContainerResponse,
} from './gen/containerd/services/containers/v1/containers.ts'
export {
  AbortRequest as ContentAbortRequest,
  ContentDefinition,
  DeleteContentRequest,
  Info as ContentInfo,
  InfoRequest as ContentInfoRequest,
  InfoResponse as ContentInfoResponse,
  ListContentRequest,
  ListContentResponse,
  ListStatusesRequest as ContentListStatusesRequest,
  ListStatusesResponse as ContentListStatusesResponse,
  ReadContentRequest,
  ReadContentResponse,
  Status as ContentStatus,
  StatusRequest as ContentStatusRequest,
  StatusResponse as ContentStatusResponse,
  UpdateRequest as ContentUpdateRequest,
  UpdateResponse as ContentUpdateResponse,
  WriteAction,
  WriteContentRequest,
  WriteContentResponse,
} from './gen/containerd/services/content/v1/content.ts'
export {
  ApplyRequest,
  ApplyResponse,
  DiffDefinition,
  DiffRequest,
  DiffResponse,
} from './gen/containerd/services/diff/v1/diff.ts'
export {
  EventsDefinition,
  ForwardRequest as EventsForwardRequest,
  PublishRequest as EventsPublishRequest,
  SubscribeRequest as EventsSubscribeRequest,
} from './gen/containerd/services/events/v1/events.ts'
export {
  CreateImageRequest,
  CreateImageResponse,
  DeleteImageRequest,
  GetImageRequest,
  GetImageResponse,
  Image,
  ImagesDefinition,
  ListImagesRequest,
  ListImagesResponse,
  UpdateImageRequest,
  UpdateImageResponse,
} from './gen/containerd/services/images/v1/images.ts'
export {
  DeprecationWarning,
  IntrospectionDefinition,
  Plugin,
  PluginInfoRequest,
  PluginInfoResponse,
  PluginsRequest as IntrospectionPluginsRequest,
  PluginsResponse as IntrospectionPluginsResponse,
  ServerResponse as IntrospectionServerResponse,
} from './gen/containerd/services/introspection/v1/introspection.ts'
export {
  AddResourceRequest as LeaseAddResourceRequest,
  CreateRequest as LeaseCreateRequest,
  CreateResponse as LeaseCreateResponse,
  DeleteRequest as LeaseDeleteRequest,
  DeleteResourceRequest as LeaseDeleteResourceRequest,
  Lease,
  LeasesDefinition,
  ListRequest as LeaseListRequest,
  ListResourcesRequest as LeaseListResourcesRequest,
  ListResourcesResponse as LeaseListResourcesResponse,
  ListResponse as LeaseListResponse,
  Resource as LeaseResource,
} from './gen/containerd/services/leases/v1/leases.ts'
export {
  CreateNamespaceRequest,
  CreateNamespaceResponse,
  DeleteNamespaceRequest,
  GetNamespaceRequest,
  GetNamespaceResponse,
  ListNamespacesRequest,
  ListNamespacesResponse,
  Namespace,
  NamespacesDefinition,
  UpdateNamespaceRequest,
  UpdateNamespaceResponse,
} from './gen/containerd/services/namespaces/v1/namespaces.ts'
export {
  CleanupRequest as SnapshotCleanupRequest,
  CommitSnapshotRequest,
  Info as SnapshotInfo,
  Kind as SnapshotKind,
  ListSnapshotsRequest,
  ListSnapshotsResponse,
  MountsRequest as SnapshotMountsRequest,
  MountsResponse as SnapshotMountsResponse,
  PrepareSnapshotRequest,
  PrepareSnapshotResponse,
  RemoveSnapshotRequest,
  SnapshotsDefinition,
  StatSnapshotRequest,
  StatSnapshotResponse,
  UpdateSnapshotRequest,
  UpdateSnapshotResponse,
  UsageRequest as SnapshotUsageRequest,
  UsageResponse as SnapshotUsageResponse,
  ViewSnapshotRequest,
  ViewSnapshotResponse,
} from './gen/containerd/services/snapshots/v1/snapshots.ts'
export {
  CheckpointTaskRequest,
  CheckpointTaskResponse,
  CloseIORequest as TaskCloseIORequest,
  CreateTaskRequest,
  CreateTaskResponse,
  DeleteProcessRequest,
  DeleteResponse as TaskDeleteResponse,
  DeleteTaskRequest,
  ExecProcessRequest,
  GetRequest as TaskGetRequest,
  GetResponse as TaskGetResponse,
  KillRequest as TaskKillRequest,
  ListPidsRequest as TaskListPidsRequest,
  ListPidsResponse as TaskListPidsResponse,
  ListTasksRequest,
  ListTasksResponse,
  MetricsRequest as TaskMetricsRequest,
  MetricsResponse as TaskMetricsResponse,
  PauseTaskRequest,
  ResizePtyRequest as TaskResizePtyRequest,
  ResumeTaskRequest,
  StartRequest as TaskStartRequest,
  StartResponse as TaskStartResponse,
  TasksDefinition,
  UpdateTaskRequest,
  WaitRequest as TaskWaitRequest,
  WaitResponse as TaskWaitResponse,
} from './gen/containerd/services/tasks/v1/tasks.ts'
export {
  EventsDefinition as TtrpcEventsDefinition,
  ForwardRequest as TtrpcForwardRequest,
} from './gen/containerd/services/ttrpc/events/v1/events.ts'
export { VersionDefinition, VersionResponse } from './gen/containerd/services/version/v1/version.ts'
export { Descriptor } from './gen/containerd/types/descriptor.ts'
export { Envelope } from './gen/containerd/types/envelope.ts'
export { Metric } from './gen/containerd/types/metric.ts'
export { Mount } from './gen/containerd/types/mount.ts'
export { Platform } from './gen/containerd/types/platform.ts'
export {
  Process as TaskProcess,
  ProcessInfo as TaskProcessInfo,
  Status as TaskStatus,
} from './gen/containerd/types/task.ts'
export { Any } from './gen/google/protobuf/any.ts'
export { Empty } from './gen/google/protobuf/empty.ts'
export { Timestamp } from './gen/google/protobuf/timestamp.ts'
export { Status as RpcStatus } from './gen/google/rpc/status.ts'
export {
  HealthCheckRequest,
  HealthCheckResponse,
  HealthCheckResponse_ServingStatus as ServingStatus,
  HealthDefinition,
} from './gen/grpc/health/v1/health.ts'
export { waitUntilServing } from './health.ts'
export { isIdentifier, validateIdentifier } from './identifier.ts'
export { bindContainerd } from './in-process/bind.ts'
export { knownLabels, maximumLabelSize, validateLabels } from './labels.ts'
export { contentChunkSize, maximumMessageSize } from './limits.ts'
export {
  inNamespace,
  leaseHeader,
  leaseOf,
  namespaceHeader,
  namespaceOf,
  namespaceTtrpcHeader,
  underLease,
} from './metadata.ts'
export { type ContainerdServer, type ServeContainerdOptions, serveContainerd } from './server/serve.ts'
export { claimSocketPath, protectSocket } from './server/socket-path.ts'
export { type ContainerdServices, serviceDefinitions } from './services.ts'
export { dateOf, nanosecondsOf, timestampNow, timestampOf } from './timestamp.ts'
