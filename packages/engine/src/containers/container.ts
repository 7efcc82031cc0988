// SPDX-License-Identifier: Apache-2.0
import type {
  ContainerConfig,
  ContainerStatus,
  EndpointSettings,
  HostConfig,
  MountPoint,
  NetworkingConfig,
} from '@teu/engine-api'
import type { Process } from '@teu/oci-spec/runtime'
import type { ImagePlatform, RootfsMount } from '../images/image-service.ts'
import type { OutputHub } from '../io/output-hub.ts'
import type { ProcessIo } from '../io/process-io.ts'
import type { ContainerLog } from '../logs/log-driver.ts'
import type { Sandbox } from '../network/network-service.ts'
import type { VolumeMount } from '../spec/build-spec.ts'
import { hasProcess } from './container-state.ts'
import { ExitSignal } from './exit-signal.ts'
import { Turns } from './turns.ts'

/** The part of a container that changes as it runs. */
export interface ContainerStateRecord {
  status: ContainerStatus
  pid: number
  exitCode: number
  error: string
  oomKilled: boolean
  /** RFC 3339; Go's zero time for never. */
  startedAt: string
  finishedAt: string
  restartCount: number
  /** The user asked for the end: a restart policy must not undo it. */
  stoppedByUser: boolean
}

/** A container as it is kept on disk. */
export interface ContainerRecord {
  id: string
  /** Without slash. */
  name: string
  createdAt: string
  /** The request's config over the image's. */
  config: ContainerConfig
  hostConfig: HostConfig
  networkingConfig: NetworkingConfig
  image: { id: string; name: string; chainId: string; platform: ImagePlatform }
  snapshotter: string
  /** As inspect shows them. */
  mounts: MountPoint[]
  volumes: VolumeMount[]
  /** Names of volumes that were made for this container alone, and go with it when asked. */
  anonymousVolumes: string[]
  state: ContainerStateRecord
  /** Its place in the network while it runs. */
  sandbox?: Sandbox | undefined
  /** The AppArmor profile of the last run, empty for none; undefined before the first. */
  appArmorProfile?: string
  /** Endpoints of the last run, for inspect. */
  endpoints?: Record<string, EndpointSettings> | undefined
}

/** A container of this engine: its record, and what lives only as long as the engine. */
export class Container {
  record: ContainerRecord
  readonly hub: OutputHub
  readonly log: ContainerLog
  /** Gives start, exit and removal their turns. */
  readonly turns = new Turns()
  /** Tells of the end of the present or next run, and of the removal. */
  readonly exits = new ExitSignal()
  readonly execIds = new Set<string>()
  io: ProcessIo | undefined
  /** Settles when stdin can be written: when the process has been started. */
  running = Promise.withResolvers<void>()
  /** Mounts of the root filesystem, as far as they are known without asking. */
  rootfsMounts: RootfsMount[] | undefined
  /** The process of the present run as it was specified, for processes that are added to it. */
  process: Process | undefined
  restartTimer: NodeJS.Timeout | undefined
  /** How many requests are about to start it again: an end must not remove it, whatever its host config says. */
  pendingRestarts = 0

  constructor(record: ContainerRecord, log: ContainerLog, hub: OutputHub) {
    this.record = record
    this.log = log
    this.hub = hub
  }

  get id(): string {
    return this.record.id
  }

  get name(): string {
    return this.record.name
  }

  get status(): ContainerStatus {
    return this.record.state.status
  }

  get hasProcess(): boolean {
    return hasProcess(this.status)
  }
}
