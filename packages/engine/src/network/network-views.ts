// SPDX-License-Identifier: Apache-2.0
import type { EndpointSettings, NetworkInspect, NetworkSettings } from '@teu/engine-api'
import { formatSubnet, parseCidr } from './ipv4.ts'
import type { Lease } from './lease-store.ts'
import type { Sandbox } from './network-service.ts'
import type { BuiltinNetwork, NetworkState } from './network-state.ts'

/** A container's entry of a network, all fields present; on `host` and `none` it has no addresses. */
export function endpointView(
  networkId: string,
  endpointId: string,
  addresses: EndpointSettings = {},
): EndpointSettings {
  return {
    IPAMConfig: null,
    Links: null,
    Aliases: null,
    MacAddress: '',
    DriverOpts: null,
    GwPriority: 0,
    NetworkID: networkId,
    EndpointID: endpointId,
    Gateway: '',
    IPAddress: '',
    IPPrefixLen: 0,
    IPv6Gateway: '',
    GlobalIPv6Address: '',
    GlobalIPv6PrefixLen: 0,
    DNSNames: null,
    ...addresses,
  }
}

/** The entry of a container on the bridge. */
export function bridgeEndpoint(networkId: string, lease: Lease, bridgeAddress: string): EndpointSettings {
  const [gateway = ''] = bridgeAddress.split('/')
  return endpointView(networkId, lease.endpointId, {
    MacAddress: lease.mac,
    Gateway: gateway,
    IPAddress: lease.address,
    IPPrefixLen: parseCidr(bridgeAddress).subnet.prefixLength,
  })
}

/** The network block of a container's inspect. The fields beside `Networks` repeat the bridge's, for old clients. */
export function settingsView(networkMode: string, sandbox: Sandbox | undefined): NetworkSettings {
  const networks = sandbox?.endpoints ?? emptyEndpoints(networkMode)
  const main = networks.bridge ?? {}
  return {
    Bridge: '',
    SandboxID: sandbox?.sandboxId ?? '',
    SandboxKey: sandbox?.sandboxKey ?? '',
    Ports: {},
    HairpinMode: false,
    LinkLocalIPv6Address: '',
    LinkLocalIPv6PrefixLen: 0,
    SecondaryIPAddresses: null,
    SecondaryIPv6Addresses: null,
    EndpointID: main.EndpointID ?? '',
    Gateway: main.Gateway ?? '',
    GlobalIPv6Address: main.GlobalIPv6Address ?? '',
    GlobalIPv6PrefixLen: main.GlobalIPv6PrefixLen ?? 0,
    IPAddress: main.IPAddress ?? '',
    IPPrefixLen: main.IPPrefixLen ?? 0,
    IPv6Gateway: main.IPv6Gateway ?? '',
    MacAddress: main.MacAddress ?? '',
    Networks: networks,
  }
}

/** A container that does not run still shows which network it will be on. */
function emptyEndpoints(networkMode: string): Record<string, EndpointSettings> {
  if (networkMode.startsWith('container:')) return {}
  const name = networkMode === '' || networkMode === 'default' ? 'bridge' : networkMode
  return { [name]: endpointView('', '') }
}

/** What is fixed of each builtin network. */
const drivers: Readonly<Record<BuiltinNetwork, string>> = { bridge: 'bridge', host: 'host', none: 'null' }

/** What a network's inspect needs beside its state. */
export interface NetworkViewInput {
  name: BuiltinNetwork
  state: NetworkState
  bridgeName: string
  mtu: number
  leases: readonly Lease[]
}

function bridgeOptions(bridgeName: string, mtu: number): Record<string, string> {
  return {
    'com.docker.network.bridge.default_bridge': 'true',
    'com.docker.network.bridge.enable_icc': 'true',
    'com.docker.network.bridge.enable_ip_masquerade': 'false',
    'com.docker.network.bridge.host_binding_ipv4': '0.0.0.0',
    'com.docker.network.bridge.name': bridgeName,
    'com.docker.network.driver.mtu': String(mtu),
  }
}

function containersOf(leases: readonly Lease[], prefixLength: number): NetworkInspect['Containers'] {
  return Object.fromEntries(
    leases.map(({ containerId, containerName, endpointId, mac, address }) => [
      containerId,
      {
        Name: containerName,
        EndpointID: endpointId,
        MacAddress: mac,
        IPv4Address: `${address}/${prefixLength}`,
        IPv6Address: '',
      },
    ]),
  )
}

/** The answer to a network's inspect. */
export function networkView({ name, state, bridgeName, mtu, leases }: NetworkViewInput): NetworkInspect {
  const address = name === 'bridge' ? state.bridgeAddress : undefined
  const cidr = address === undefined ? undefined : parseCidr(address)
  return {
    Name: name,
    Id: state.ids[name],
    Created: state.createdAt,
    Scope: 'local',
    Driver: drivers[name],
    EnableIPv4: true,
    EnableIPv6: false,
    IPAM: {
      Driver: 'default',
      Options: null,
      Config: cidr && address ? [{ Subnet: formatSubnet(cidr.subnet), Gateway: address.split('/')[0] ?? '' }] : [],
    },
    Internal: false,
    Attachable: false,
    Ingress: false,
    ConfigFrom: { Network: '' },
    ConfigOnly: false,
    Containers: cidr ? containersOf(leases, cidr.subnet.prefixLength) : {},
    Options: name === 'bridge' ? bridgeOptions(bridgeName, mtu) : {},
    Labels: {},
  }
}
