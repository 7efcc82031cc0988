// SPDX-License-Identifier: Apache-2.0
/**
 * An OCI registry as a server: in this process, in memory or in a directory. It serves the registry seam (OCI
 * distribution 1.1 and what docker's clients need of the older API) and consumes none.
 *
 * @example
 * ```ts
 * import { createRegistry } from '@teu/image-registry/server'
 *
 * await using registry = await createRegistry()
 * const answer = await fetch(`${registry.url}/v2/`)
 * console.log(answer.status, await answer.json()) // 200 {}
 * ```
 *
 * @packageDocumentation
 */
export { type CollectGarbageOptions, type CollectGarbageResult, collectGarbage } from '../gc/collect-garbage.ts'
export type {
  DisposableStorage,
  RecoverableStorage,
  RemoveOptions,
  StorageCapabilities,
  StorageDriver,
  StoredObject,
  WalkableStorage,
} from '../storage/driver.ts'
export { filesystemStorage } from '../storage/filesystem.ts'
export { type MemoryStorageOptions, memoryStorage } from '../storage/memory.ts'
export type { S3StorageInit } from '../storage/s3/s3-init.ts'
export { s3Storage } from '../storage/s3/s3-storage.ts'
export { type VirtualContent, type VirtualEntry, type VirtualImage, virtualStorage } from '../storage/virtual.ts'
export type { StoreLimits } from '../store/limits.ts'
export { openStore, type Store, type StoreInit } from '../store/store.ts'
export { type CheckStoreOptions, type CheckStoreResult, checkStore } from '../upkeep/check-store.ts'
export { type ExportSource, exportImage, type ImageSink } from '../upkeep/export-image.ts'
export type { Finding, FindingKind } from '../upkeep/finding.ts'
export { type ImageSource, type ImportTarget, importImage } from '../upkeep/import-image.ts'
export { type Amount, type RepositoryStats, type StoreStats, storeStats } from '../upkeep/store-stats.ts'
export type { RepositoryAction } from './auth/access.ts'
export type { AuthInit, TokenInit } from './auth/auth-init.ts'
export { type AccessRule, parseAccessRule } from './auth/rules.ts'
export { createRegistry, type Registry, type RegistryInit, type ReloadOptions } from './create-registry.ts'
export type { Fault, FaultAction, FaultKind, FaultTarget } from './faults/fault.ts'
export type { RequestRecord } from './front/request-record.ts'
export type { ServingInit } from './front/serving-init.ts'
export { parseRate, type Rate } from './limits/buckets.ts'
export type { LimitsInit, QuotaRule, WarningRule } from './limits/limits-init.ts'
export type { TlsInit } from './listening.ts'
export type { ProxyInit } from './proxy/proxy-init.ts'
export type { RegistryStoreInit } from './registry-store.ts'
export type { RegistryEvent, WebhookInit } from './webhooks/webhook-init.ts'
