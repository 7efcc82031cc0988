// SPDX-License-Identifier: Apache-2.0
import type { ContainerdServices } from '@teu/containerd-api'
import type { LogConfig } from '@teu/engine-api'
import type { Log } from './log.ts'
import type { RegistryAccess } from './registry/image-registry-client.ts'
import type { RuntimeConfig } from './tasks/runtime-choice.ts'

/** How an engine is made. @public */
export interface EngineOptions {
  /** Lasting state: containers, volumes, networks. Made with mode 0710 when it is missing. */
  dataRoot: string
  /** State of this boot: FIFOs, network namespaces. */
  execRoot: string
  /** The containerd to run everything on, over a socket or in this process. It stays the caller's to close. */
  containerd: ContainerdServices
  /** The containerd namespace of everything that this engine makes. Default `moby`. */
  containerdNamespace?: string | undefined
  /** A shim's full name or one of {@link runtimes}. By default our shim if `containerd` is ours, else runc's. */
  defaultRuntime?: string | undefined
  /** OCI runtimes by name. */
  runtimes?: Readonly<Record<string, RuntimeConfig>> | undefined
  /** How the output of containers that say nothing is kept. Default `json-file`. */
  logConfig?: LogConfig | undefined
  /** Bytes of /dev/shm of containers that say nothing. Default 64 MiB. */
  defaultShmSize?: number | undefined
  /** Put before the ids of containers in their cgroups' paths. Default `/teu`. */
  cgroupParent?: string | undefined
  /** The bridge of the default network. Default `teu0`. */
  bridge?: string | undefined
  /** Its address and subnet, such as `10.88.0.1/16`. By default one that overlaps nothing on this host. */
  bip?: string | undefined
  /** How registries are reached. */
  registryAccess?: RegistryAccess | undefined
  /** OCI layout directories by familiar image name: pulls of these names ask no registry. */
  bundledLayouts?: Readonly<Record<string, string>> | undefined
  /** `key=value`, for `info`. */
  labels?: readonly string[] | undefined
  /** The group that may use unix sockets. Default `teu`. */
  group?: string | undefined
  /** Allows plain TCP beyond loopback. Default false. */
  tcpInsecure?: boolean | undefined
  /**
   * Host names that clients may call a TCP listener by, beside addresses, `localhost` and this machine's name. All
   * others are refused: a web page could make them mean this engine.
   */
  tcpNames?: readonly string[] | undefined
  debug?: boolean | undefined
  /** Where the engine tells what it does. Silent by default. */
  log?: Log | undefined
}
