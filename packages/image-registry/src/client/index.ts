// SPDX-License-Identifier: Apache-2.0
/**
 * A client of OCI registries: pull, push, list, delete. It consumes the registry seam (OCI distribution 1.1, and what
 * docker's registries did before it) and serves no other.
 *
 * @example
 * ```ts
 * import { createRegistryClient } from '@teu/image-registry/client'
 * import { createRegistry } from '@teu/image-registry/server'
 *
 * await using registry = await createRegistry()
 * await using client = createRegistryClient()
 * await client.ping(registry.address)
 * console.log(await Array.fromAsync(client.listRepositories(registry.address))) // []
 * ```
 *
 * @packageDocumentation
 */
export { formatReference, parseReference, type Reference } from '@teu/oci-spec/distribution'
export type { Credentials } from './auth/credentials.ts'
export { type DockerKeychainOptions, dockerKeychain } from './auth/docker-keychain.ts'
export type { CopyEvent, CopyOptions, CopyResult } from './copy.ts'
export { type RegistryHostsOptions, registryHosts } from './hosts/registry-hosts.ts'
export { RegistryAnswer, registryAnswerOf } from './http/answer.ts'
export type { ProxySettings } from './http/proxy.ts'
export type { RegistryQuota } from './http/quota.ts'
export type {
  CallOptions,
  Pem,
  RegistryAccess,
  RegistryClientInit,
  RegistryHost,
  RegistryHosts,
  RegistryMirror,
} from './init.ts'
export type { FetchedManifest, FetchManifestOptions } from './manifests.ts'
export type { PullEvent, PulledImage, PullOptions, PullResult, PullSink } from './pull.ts'
export type { PullBlobOptions } from './pull-blob.ts'
export type { PushEvent, PushOptions, PushSource } from './push.ts'
export type { OpenBlob, PushBlobOptions, PushBlobOutcome } from './push-blob.ts'
export type { PushStreamOptions } from './push-stream.ts'
export type { ListReferrersOptions } from './referrers.ts'
export { createRegistryClient, type RegistryClient } from './registry-client.ts'
export type { Repository } from './session.ts'
export type { Transfer } from './transfer.ts'
