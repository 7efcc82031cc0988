// SPDX-License-Identifier: Apache-2.0
import { bool, type Decoder, integer, list, record, struct, text } from '../body/decoder.ts'
import type {
  EndpointIpamConfig,
  EndpointSettings,
  Ipam,
  IpamPool,
  NetworkConnectBody,
  NetworkCreateBody,
  NetworkDisconnectBody,
  NetworkingConfig,
} from './types.ts'

const endpointSettings = struct<EndpointSettings>('EndpointSettings', {
  IPAMConfig: struct<EndpointIpamConfig>('EndpointIPAMConfig', {
    IPv4Address: text,
    IPv6Address: text,
    LinkLocalIPs: list(text),
  }),
  Links: list(text),
  Aliases: list(text),
  MacAddress: text,
  DriverOpts: record(text),
  GwPriority: integer,
  NetworkID: text,
  EndpointID: text,
  Gateway: text,
  IPAddress: text,
  IPPrefixLen: integer,
  IPv6Gateway: text,
  GlobalIPv6Address: text,
  GlobalIPv6PrefixLen: integer,
  DNSNames: list(text),
})

/** Decodes the networks part of a create body; a network's settings may be null. @public */
export const decodeNetworkingConfig: Decoder<NetworkingConfig> = struct<NetworkingConfig>('NetworkingConfig', {
  EndpointsConfig: record((value, path) => (value === null ? {} : endpointSettings(value, path))),
})

const ipam = struct<Ipam>('IPAM', {
  Driver: text,
  Options: record(text),
  Config: list(
    struct<IpamPool>('IPAMConfig', { Subnet: text, IPRange: text, Gateway: text, AuxiliaryAddresses: record(text) }),
  ),
})

/** Decodes the body of `POST /networks/create`. @public */
export const decodeNetworkCreate: Decoder<NetworkCreateBody> = struct<NetworkCreateBody>('CreateRequest', {
  Name: text,
  CheckDuplicate: bool,
  Driver: text,
  Scope: text,
  Internal: bool,
  Attachable: bool,
  Ingress: bool,
  ConfigOnly: bool,
  ConfigFrom: struct<{ Network?: string }>('ConfigReference', { Network: text }),
  IPAM: ipam,
  EnableIPv4: bool,
  EnableIPv6: bool,
  Options: record(text),
  Labels: record(text),
})

/** Decodes the body of `POST /networks/{id}/connect`. @public */
export const decodeNetworkConnect: Decoder<NetworkConnectBody> = struct<NetworkConnectBody>('ConnectOptions', {
  Container: text,
  EndpointConfig: endpointSettings,
})

/** Decodes the body of `POST /networks/{id}/disconnect`. @public */
export const decodeNetworkDisconnect: Decoder<NetworkDisconnectBody> = struct<NetworkDisconnectBody>(
  'DisconnectOptions',
  {
    Container: text,
    Force: bool,
  },
)
