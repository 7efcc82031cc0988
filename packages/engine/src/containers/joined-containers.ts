// SPDX-License-Identifier: Apache-2.0
import type { HostConfig } from '@teu/engine-api'
import { isNotFound, messageOf, StackError } from '@teu/errors'
import type { NamespaceSource } from '../spec/build-spec.ts'
import type { Container } from './container.ts'
import type { ContainerContext } from './context.ts'
import { containerDirectory } from './paths.ts'
import { sharedMemoryPath } from './shared-memory.ts'

const prefix = 'container:'

/** The reference in a mode such as `container:<id>`; undefined for other modes. */
function referenceIn(mode: string | undefined): string | undefined {
  return mode?.startsWith(prefix) ? mode.slice(prefix.length) : undefined
}

/**
 * The host config with the container of its network mode by id, which survives a renaming. Containers whose other
 * namespaces are to be joined, or that are asked for volumes and links, must exist: `invalid-argument`, since a
 * `not-found` would make clients pull the image. That of the network may still come.
 */
export function resolveJoins({ containers }: Pick<ContainerContext, 'containers'>, host: HostConfig): HostConfig {
  const require = (reference: string, text = '') => {
    try {
      return containers.find(reference)
    } catch (error) {
      throw new StackError('invalid-argument', `${text}${messageOf(error)}`, { cause: error })
    }
  }
  for (const mode of [host.IpcMode, host.PidMode]) {
    const reference = referenceIn(mode)
    if (reference !== undefined) require(reference)
  }
  for (const source of host.VolumesFrom ?? []) require(source.split(':', 1)[0] as string)
  for (const link of host.Links ?? []) {
    const name = link.split(':', 1)[0] as string
    require(name, `could not get container for ${name}: `)
  }
  const network = referenceIn(host.NetworkMode)
  if (network === undefined || network === '') return host
  try {
    return { ...host, NetworkMode: `${prefix}${containers.find(network).id}` }
  } catch (error) {
    if (isNotFound(error)) return host
    throw error
  }
}

/** The namespaces and memory of other containers that one is to join. */
export interface JoinedNamespaces {
  ipc: NamespaceSource | undefined
  pid: NamespaceSource | undefined
  /** The directory to share as /dev/shm. */
  shmPath: string | undefined
}

/** The namespaces that a container joins at its start. `conflict` when the other does not run, or does not share. */
export function joinedNamespaces(context: ContainerContext, container: Container): JoinedNamespaces {
  const { IpcMode, PidMode } = container.record.hostConfig
  const ipc = referenceIn(IpcMode)
  const pid = referenceIn(PidMode)
  const donor = ipc === undefined ? undefined : ipcDonor(context, ipc)
  const own = IpcMode === 'shareable' ? container : undefined
  const sharing = donor ?? own
  return {
    ipc: donor && namespaceOf(donor, 'ipc'),
    pid: pid === undefined ? undefined : namespaceOf(running(context.containers.find(pid)), 'pid'),
    shmPath: sharing && sharedMemoryPath(context.settings, sharing.id),
  }
}

function ipcDonor(context: ContainerContext, reference: string): Container {
  const donor = context.containers.find(reference)
  const refuse = (reason: string): never => {
    throw new StackError('conflict', `can't join IPC of container ${donor.id}: ${reason}`)
  }
  if (!donor.hasProcess) refuse(`container ${donor.id} is not running`)
  if (donor.record.hostConfig.IpcMode !== 'shareable') {
    refuse('non-shareable IPC (hint: use IpcMode:shareable for the donor container)')
  }
  return donor
}

function running(other: Container): Container {
  if (!other.hasProcess) throw new StackError('conflict', `container ${other.id} is not running`)
  return other
}

function namespaceOf({ record }: Container, kind: 'ipc' | 'pid'): NamespaceSource {
  return { kind: 'path', path: `/proc/${record.state.pid}/ns/${kind}` }
}

/** The container whose network another one is to join: its process, its files, and its name. */
export interface JoinedNetwork {
  joinPid: number
  joinDirectory: string
  hostname: string
  domainname: string
}

/** The network that a container joins, if it joins one. `conflict` when the other does not run. */
export function joinedNetwork(context: ContainerContext, mode: string | undefined): JoinedNetwork | undefined {
  const reference = referenceIn(mode)
  if (reference === undefined) return undefined
  const other = context.containers.find(reference)
  if (!other.hasProcess) {
    throw new StackError('conflict', `cannot join network of a non running container: ${other.id}`)
  }
  const { config, state } = other.record
  return {
    joinPid: state.pid,
    joinDirectory: containerDirectory(context.settings, other.id),
    hostname: config.Hostname ?? '',
    domainname: config.Domainname ?? '',
  }
}
