// SPDX-License-Identifier: Apache-2.0
import path from 'node:path'
import type { ContainerInspect, ContainerStateInfo, NetworkSettings } from '@teu/engine-api'
import { commandOf } from '../spec/merge-config.ts'
import { parseSecurityOptions } from '../spec/security-options.ts'
import type { Container } from './container.ts'
import type { ContainerContext } from './context.ts'
import { containerDirectory } from './paths.ts'

/** Everything about a container. `size` also counts its writable layer. */
export async function inspectContainer(
  context: ContainerContext,
  container: Container,
  options: { size: boolean },
): Promise<ContainerInspect> {
  const { record, id } = container
  const [command = '', ...args] = commandOf(record.config)
  const file = (name: string) => path.join(containerDirectory(context.settings, id), name)
  const size = options.size ? await context.images.rootfsSizes(id) : undefined
  const { platform } = record.image
  return {
    Id: id,
    Created: record.createdAt,
    Path: command,
    Args: args,
    State: stateOf(container),
    Image: record.image.id,
    ResolvConfPath: file('resolv.conf'),
    HostnamePath: file('hostname'),
    HostsPath: file('hosts'),
    LogPath: container.log.path,
    Name: `/${record.name}`,
    RestartCount: record.state.restartCount,
    Driver: record.snapshotter,
    Platform: platform.os,
    MountLabel: '',
    ProcessLabel: '',
    AppArmorProfile: record.appArmorProfile ?? parseSecurityOptions(record.hostConfig.SecurityOpt).appArmor ?? '',
    ExecIDs: container.execIds.size > 0 ? [...container.execIds] : null,
    HostConfig: record.hostConfig,
    GraphDriver: { Name: record.snapshotter, Data: null },
    ...(size === undefined ? {} : { SizeRw: size.writable, SizeRootFs: size.total }),
    Mounts: record.mounts,
    Config: record.config,
    NetworkSettings: networkSettingsOf(context, container),
  }
}

/** A container's network block, whether it runs or not. */
export function networkSettingsOf(context: Pick<ContainerContext, 'network'>, container: Container): NetworkSettings {
  const { hostConfig, sandbox } = container.record
  return context.network.settings(hostConfig.NetworkMode ?? 'bridge', sandbox)
}

function stateOf(container: Container): ContainerStateInfo {
  const { state } = container.record
  return {
    Status: state.status,
    Running: container.hasProcess || state.status === 'restarting',
    Paused: state.status === 'paused',
    Restarting: state.status === 'restarting',
    OOMKilled: state.oomKilled,
    Dead: state.status === 'dead',
    Pid: state.pid,
    ExitCode: state.exitCode,
    Error: state.error,
    StartedAt: state.startedAt,
    FinishedAt: state.finishedAt,
  }
}
