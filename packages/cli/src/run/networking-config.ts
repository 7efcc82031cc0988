// SPDX-License-Identifier: Apache-2.0
import type { EndpointSettings, NetworkingConfig } from '@teu/engine-api'
import { isMac } from '../flags/checks.ts'
import type { NetworkAttachment } from '../flags/network.ts'
import type { CreateFlagValues } from './create-flags.ts'
import { isUserDefined } from './namespace-modes.ts'

function attachmentsOf(flags: CreateFlagValues): readonly NetworkAttachment[] {
  return flags.network.length > 0 ? flags.network : [{ target: 'default' }]
}

/** The network mode of the host config: the first network's name. */
export function networkMode(flags: CreateFlagValues): string {
  return (attachmentsOf(flags)[0] as NetworkAttachment).target
}

/**
 * The endpoints of the create body. Flags such as `--ip` and `--network-alias` belong to the first network.
 */
export function networkingConfigOf(flags: CreateFlagValues): NetworkingConfig {
  const attachments = attachmentsOf(flags)
  const endpoints: Record<string, EndpointSettings> = {}
  attachments.forEach((attachment, index) => {
    const full = index === 0 ? withPlainFlags(attachment, flags) : attachment
    const endpoint = endpointOf(full)
    if (Object.hasOwn(endpoints, full.target)) throw new Error(`network "${full.target}" is specified multiple times`)
    endpoints[full.target] = endpoint
  })
  const kinds = new Set(attachments.map(({ target }) => isUserDefined(target)))
  if (kinds.size > 1) {
    throw new Error('conflicting options: cannot attach both user-defined and non-user-defined network-modes')
  }
  return { EndpointsConfig: endpoints }
}

type FullAttachment = NetworkAttachment & { links?: readonly string[] }

function withPlainFlags(attachment: NetworkAttachment, flags: CreateFlagValues): FullAttachment {
  const aliases = flags['network-alias']
  refuseBoth(attachment.aliases, aliases, '--network-alias and per-network alias')
  refuseBoth(attachment.ipv4, flags.ip, '--ip and per-network IPv4 address')
  refuseBoth(attachment.ipv6, flags.ip6, '--ip6 and per-network IPv6 address')
  refuseBoth(attachment.mac, flags['mac-address'], '--mac-address and per-network MAC address')
  refuseBoth(attachment.linkLocal, flags['link-local-ip'], '--link-local-ip and per-network link-local IP addresses')
  return {
    ...attachment,
    ...(aliases.length > 0 ? { aliases } : {}),
    ...(flags.link.length > 0 && isUserDefined(attachment.target) ? { links: flags.link } : {}),
    ...(flags.ip === '' ? {} : { ipv4: flags.ip }),
    ...(flags.ip6 === '' ? {} : { ipv6: flags.ip6 }),
    ...(flags['mac-address'] === '' ? {} : { mac: flags['mac-address'] }),
    ...(flags['link-local-ip'].length > 0 ? { linkLocal: flags['link-local-ip'] } : {}),
  }
}

function refuseBoth(
  own: string | readonly string[] | undefined,
  plain: string | readonly string[],
  what: string,
): void {
  if ((own?.length ?? 0) > 0 && plain.length > 0) {
    throw new Error(`conflicting options: cannot specify both ${what}`)
  }
}

function endpointOf(attachment: FullAttachment): EndpointSettings {
  if (attachment.target.trim() === '') throw new Error('no name set for network')
  if (!isUserDefined(attachment.target) && attachment.aliases) {
    throw new Error('network-scoped aliases are only supported for user-defined networks')
  }
  if (attachment.mac && !isMac(attachment.mac)) throw new Error(`${attachment.mac} is not a valid mac address`)
  const { aliases, links, driverOptions, ipv4, ipv6, linkLocal, mac, gatewayPriority } = attachment
  const ipam = {
    ...(ipv4 ? { IPv4Address: ipv4 } : {}),
    ...(ipv6 ? { IPv6Address: ipv6 } : {}),
    ...(linkLocal ? { LinkLocalIPs: [...linkLocal] } : {}),
  }
  return {
    IPAMConfig: Object.keys(ipam).length > 0 ? ipam : null,
    Links: links ? [...links] : null,
    Aliases: aliases ? [...aliases] : null,
    MacAddress: mac ?? '',
    DriverOpts: driverOptions ? { ...driverOptions } : null,
    GwPriority: gatewayPriority ?? 0,
    NetworkID: '',
    EndpointID: '',
    Gateway: '',
    IPAddress: '',
    IPPrefixLen: 0,
    IPv6Gateway: '',
    GlobalIPv6Address: '',
    GlobalIPv6PrefixLen: 0,
    DNSNames: null,
  }
}
