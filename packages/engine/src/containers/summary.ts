// SPDX-License-Identifier: Apache-2.0
import type { ContainerSummary, NetworkSettings, PortSummary } from '@teu/engine-api'
import { parseTime } from '../clock.ts'
import { commandOf } from '../spec/merge-config.ts'
import type { Container } from './container.ts'
import { durationText } from './duration-text.ts'

/** One row of the list of containers, without sizes. */
export function summaryOf(container: Container, network: NetworkSettings, now: number): ContainerSummary {
  const { record, id } = container
  return {
    Id: id,
    Names: [`/${record.name}`],
    Image: record.config.Image ?? '',
    ImageID: record.image.id,
    Command: commandOf(record.config).map(quoteArgument).join(' '),
    Created: Number(parseTime(record.createdAt) / 1_000_000_000n),
    Ports: portsOf(network),
    Labels: record.config.Labels ?? {},
    State: container.status,
    Status: statusText(container, now),
    HostConfig: { NetworkMode: record.hostConfig.NetworkMode ?? '' },
    NetworkSettings: { Networks: network.Networks },
    Mounts: record.mounts,
  }
}

/** `Up 2 minutes`, `Exited (0) 8 days ago`, `Created`, …: what `ps` prints. */
export function statusText(container: Container, now: number): string {
  const { state } = container.record
  const since = (time: string) => durationText(now - Number(parseTime(time) / 1_000_000n))
  switch (state.status) {
    case 'running':
      return `Up ${since(state.startedAt)}`
    case 'paused':
      return `Up ${since(state.startedAt)} (Paused)`
    case 'restarting':
      return `Restarting (${state.exitCode}) ${since(state.finishedAt)} ago`
    case 'exited':
      return `Exited (${state.exitCode}) ${since(state.finishedAt)} ago`
    case 'created':
      return 'Created'
    case 'removing':
      return 'Removal In Progress'
    case 'dead':
      return 'Dead'
  }
}

/** The original quotes an argument only when it holds a blank. */
function quoteArgument(argument: string): string {
  return argument.includes(' ') ? `'${argument}'` : argument
}

function portsOf({ Ports }: NetworkSettings): PortSummary[] {
  return Object.entries(Ports).flatMap(([key, bindings]): PortSummary[] => {
    const [port = '', protocol = 'tcp'] = key.split('/')
    const own = { PrivatePort: Number(port), Type: protocol }
    if (!bindings?.length) return [own]
    return bindings.map(({ HostIp = '', HostPort = '' }) => ({ IP: HostIp, ...own, PublicPort: Number(HostPort) }))
  })
}
