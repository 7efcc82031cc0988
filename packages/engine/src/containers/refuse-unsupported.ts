// SPDX-License-Identifier: Apache-2.0
import type { ContainerConfig, EndpointSettings, HostConfig, NetworkingConfig } from '@teu/engine-api'
import { StackError } from '@teu/errors'
import { requestedMounts } from '../spec/requested-mounts.ts'

/**
 * Refuses what Docker does and this engine does not do yet: `not-implemented`, with the name that people know it by.
 * It comes after all checks that Docker has too, so that a request that cannot be is told so first.
 */
export function refuseUnsupported(config: ContainerConfig, host: HostConfig, networking: NetworkingConfig): void {
  if (host.Init) refuse('an init process inside the container (--init)')
  if (host.DeviceRequests?.length) refuse('asking for devices by their driver (--gpus)')
  if (host.VolumesFrom?.length) refuse('volumes of other containers (--volumes-from)')
  if (host.Links?.length) refuse('links to other containers (--link)')
  if (Object.keys(host.StorageOpt ?? {}).length > 0) refuse('storage options (--storage-opt)')
  if (host.Mounts?.some(({ VolumeOptions }) => VolumeOptions?.Subpath)) refuse('a subpath of a volume (volume-subpath)')
  if (host.Mounts?.some(({ BindOptions }) => BindOptions?.ReadOnlyForceRecursive)) {
    refuse('insisting on recursive read-only binds (bind-recursive=readonly)')
  }
  const mounts = requestedMounts(host)
  if (mounts.some(({ type }) => type === 'image')) refuse('mounting images (--mount type=image)')
  if (mounts.some((mount) => mount.type === 'volume' && mount.driverOptions !== undefined)) {
    refuse('options of volume drivers (volume-opt)')
  }
  if (config.MacAddress) refuse('choosing a MAC address (--mac-address)')
  if (config.NetworkDisabled) refuse('a container without a network (NetworkDisabled; the network "none" does it)')
  refuseNetwork(host, networking)
}

function refuseNetwork(host: HostConfig, { EndpointsConfig }: NetworkingConfig): void {
  const bridged = ['', 'default', 'bridge'].includes(host.NetworkMode ?? '')
  const published = Object.values(host.PortBindings ?? {}).some((bindings) => bindings?.length)
  if (bridged && (published || host.PublishAllPorts)) refuse('publishing ports (--publish)')
  const endpoints = Object.entries(EndpointsConfig ?? {})
  if (endpoints.length > 1) refuse(`several networks of one container (${endpoints.map(([name]) => name).join(', ')})`)
  for (const [network, settings] of endpoints) refuseEndpoint(network, settings ?? {})
}

function refuseEndpoint(network: string, settings: EndpointSettings): void {
  const { IPAMConfig: ipam, MacAddress, Aliases, Links, DriverOpts } = settings
  if (ipam?.IPv4Address || ipam?.IPv6Address || ipam?.LinkLocalIPs?.length) {
    refuse(`choosing an address on network ${network} (--ip)`)
  }
  if (MacAddress) refuse(`choosing a MAC address on network ${network} (--mac-address)`)
  if (Aliases?.length) refuse(`aliases on network ${network} (--network-alias)`)
  if (Links?.length) refuse(`links on network ${network} (--link)`)
  if (Object.keys(DriverOpts ?? {}).length > 0) refuse(`driver options on network ${network}`)
}

function refuse(what: string): never {
  throw new StackError('not-implemented', `${what} is not supported by this engine`)
}
