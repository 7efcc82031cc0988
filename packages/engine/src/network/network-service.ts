// SPDX-License-Identifier: Apache-2.0
import type { EndpointSettings, HostConfig, NetworkInspect, NetworkSettings } from '@teu/engine-api'
import type { ContainerFiles, NamespaceSource } from '../spec/build-spec.ts'

/** What every call may carry. Aborting `signal` ends the call with code `cancelled`; what it had begun is undone. */
export interface CallOptions {
  signal?: AbortSignal | undefined
}

/** What a container wants of the network when it starts. */
export interface ConnectRequest {
  containerId: string
  /** Without the leading slash. */
  containerName: string
  hostname: string
  domainname?: string | undefined
  /** `NetworkMode`, `PortBindings`, `PublishAllPorts`, `ExtraHosts`, `Dns*` are read. */
  hostConfig: HostConfig
  /** The init process of the container that `container:<id>` names; required in that mode. */
  joinPid?: number | undefined
  /** That container's directory: its files are shared. Own ones are written without it. */
  joinDirectory?: string | undefined
  /** The container's own directory: `hostname`, `hosts` and `resolv.conf` are written into it. */
  directory: string
}

/** A container's place in the network. Kept by the caller in the container's state, and given back to `restore`. */
export interface Sandbox {
  /** For the spec's network namespace. */
  namespace: NamespaceSource
  /** To be bound over the image's files. */
  files: ContainerFiles
  /** `NetworkSettings.Networks`: one entry a network, with the endpoint's addresses. */
  endpoints: Record<string, EndpointSettings>
  /** For `NetworkSettings.SandboxID` and `SandboxKey`; empty in the modes `none` without a path, and `host`. */
  sandboxId: string
  sandboxKey: string
  warnings: string[]
}

/** A network came or went, for `/events`. */
export interface NetworkEvent {
  action: 'create' | 'connect' | 'disconnect' | 'destroy'
  id: string
  attributes: Readonly<Record<string, string>>
}

/**
 * The networks of one engine: `bridge`, `host`, `none`, and `container:<id>`. Links live in the kernel and addresses
 * on disk, so a restarted engine reads both back and changes only what differs.
 */
export interface NetworkService {
  /** Checks `HostConfig`'s network part at create; `invalid-argument` or `not-found` as dockerd answers. */
  validate(hostConfig: HostConfig): string[]
  /**
   * Makes the container's place in the network: namespace, link, address, routes, files. A second call for the same
   * container releases the first place. On failure nothing is left behind.
   */
  connect(request: ConnectRequest, options?: CallOptions): Promise<Sandbox>
  /** Removes links, namespace and address. What is gone already is no error. */
  release(containerId: string): Promise<void>
  /**
   * After a start of the engine: repairs the bridge, keeps the places of the given (live) containers as they are,
   * and reaps all others.
   */
  restore(live: ReadonlySet<string>): Promise<void>
  /** `NetworkSettings` for inspect, whether the container runs (`sandbox`) or not. */
  settings(networkMode: string, sandbox: Sandbox | undefined): NetworkSettings
  /** `GET /networks`. */
  list(): Promise<NetworkInspect[]>
  /** `GET /networks/{id}`: exact id, then name, then id prefix. `not-found`: `network <reference> not found`. */
  inspect(reference: string): Promise<NetworkInspect>
}
