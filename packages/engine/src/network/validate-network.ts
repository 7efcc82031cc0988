// SPDX-License-Identifier: Apache-2.0
import type { HostConfig } from '@teu/engine-api'
import { StackError } from '@teu/errors'
import { parseExtraHosts } from './files/hosts-file.ts'
import { checkDns } from './files/resolv-conf.ts'

/** How a container is connected, read from `HostConfig.NetworkMode`. */
export type NetworkMode = { kind: 'bridge' | 'host' | 'none' } | { kind: 'container'; id: string }

/** Reads a network mode; `not-found` for a network that does not exist. */
export function parseNetworkMode(mode: string | undefined): NetworkMode {
  if (mode === undefined || mode === '' || mode === 'default' || mode === 'bridge') return { kind: 'bridge' }
  if (mode === 'host' || mode === 'none') return { kind: mode }
  if (mode.startsWith('container:')) {
    const id = mode.slice('container:'.length)
    if (id === '')
      throw new StackError('invalid-argument', 'Invalid network mode: invalid container format container:<name|id>')
    return { kind: 'container', id }
  }
  throw new StackError('not-found', `network ${mode} not found`)
}

/** Checks published ports: none can be of another's network, and those on the host's own are open anyway. */
function checkPorts(mode: NetworkMode, hostConfig: HostConfig): string[] {
  const published = Object.values(hostConfig.PortBindings ?? {}).some((bindings) => (bindings ?? []).length > 0)
  if (!published && !hostConfig.PublishAllPorts) return []
  if (mode.kind === 'container') {
    throw new StackError('invalid-argument', 'conflicting options: port publishing and the container type network mode')
  }
  return mode.kind === 'host' ? ['Published ports are discarded when using host network mode'] : []
}

/**
 * Checks the network part of a create request as dockerd does.
 *
 * @param gateway what `host-gateway` would stand for
 * @returns warnings for the reply
 */
export function validateNetwork(hostConfig: HostConfig, gateway: string): string[] {
  const mode = parseNetworkMode(hostConfig.NetworkMode)
  const warnings = checkPorts(mode, hostConfig)
  parseExtraHosts(hostConfig.ExtraHosts, gateway)
  checkDns(hostConfig)
  return warnings
}
