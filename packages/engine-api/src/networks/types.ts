// SPDX-License-Identifier: Apache-2.0

/** Addresses that a client asks for. @public */
export interface EndpointIpamConfig {
  IPv4Address?: string
  IPv6Address?: string
  LinkLocalIPs?: string[]
}

/** One container's place on one network. @public */
export interface EndpointSettings {
  IPAMConfig?: EndpointIpamConfig | null
  Links?: string[] | null
  Aliases?: string[] | null
  MacAddress?: string
  DriverOpts?: Record<string, string> | null
  GwPriority?: number
  NetworkID?: string
  EndpointID?: string
  Gateway?: string
  IPAddress?: string
  IPPrefixLen?: number
  IPv6Gateway?: string
  GlobalIPv6Address?: string
  GlobalIPv6PrefixLen?: number
  DNSNames?: string[] | null
}

/** The networks a container is created on. @public */
export interface NetworkingConfig {
  EndpointsConfig?: Record<string, EndpointSettings>
}

/** One address pool of a network. @public */
export interface IpamPool {
  Subnet?: string
  IPRange?: string
  Gateway?: string
  AuxiliaryAddresses?: Record<string, string>
}

/** How a network hands out addresses. @public */
export interface Ipam {
  Driver?: string
  Options?: Record<string, string> | null
  Config?: IpamPool[]
}

/** A container as a network's inspect shows it. @public */
export interface NetworkedContainer {
  Name: string
  EndpointID: string
  MacAddress: string
  IPv4Address: string
  IPv6Address: string
}

/** The answer of `GET /networks/{id}`, and one row of `GET /networks`. @public */
export interface NetworkInspect {
  Name: string
  Id: string
  Created: string
  Scope: string
  Driver: string
  EnableIPv4: boolean
  EnableIPv6: boolean
  IPAM: Ipam
  Internal: boolean
  Attachable: boolean
  Ingress: boolean
  ConfigFrom: { Network: string }
  ConfigOnly: boolean
  Containers: Record<string, NetworkedContainer>
  Options: Record<string, string>
  Labels: Record<string, string>
}

/** The body of `POST /networks/create`. @public */
export interface NetworkCreateBody {
  Name?: string
  CheckDuplicate?: boolean
  Driver?: string
  Scope?: string
  Internal?: boolean
  Attachable?: boolean
  Ingress?: boolean
  ConfigOnly?: boolean
  ConfigFrom?: { Network?: string } | null
  IPAM?: Ipam | null
  EnableIPv4?: boolean | null
  EnableIPv6?: boolean | null
  Options?: Record<string, string>
  Labels?: Record<string, string>
}

/** The answer to a network create. @public */
export interface NetworkCreateResult {
  Id: string
  Warning: string
}

/** The body of `POST /networks/{id}/connect`. @public */
export interface NetworkConnectBody {
  Container?: string
  EndpointConfig?: EndpointSettings | null
}

/** The body of `POST /networks/{id}/disconnect`. @public */
export interface NetworkDisconnectBody {
  Container?: string
  Force?: boolean
}

/** The answer of `POST /networks/prune`. @public */
export interface NetworksPruneResult {
  NetworksDeleted: string[] | null
}
