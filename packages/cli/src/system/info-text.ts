// SPDX-License-Identifier: Apache-2.0
import type { InfoResult } from '@teu/engine-api'
import { formatBinarySize } from '../format/bytes.ts'

/** Client part of the page. */
export interface ClientInfo {
  readonly Debug: boolean
  readonly Version: string
  readonly Context: string
}

/** What is known about client and engine as a page; lines about what is absent are left out. */
export function infoText(client: ClientInfo, server: InfoResult | undefined): string {
  const own = [
    'Client:',
    ` Version:    ${client.Version}`,
    ` Context:    ${client.Context}`,
    ` Debug Mode: ${client.Debug}`,
  ]
  return [...own, '', 'Server:', ...(server ? serverLines(server) : [])].join('\n')
}

type Line = readonly [label: string, value: unknown]

function lines(indent: string, ...pairs: readonly Line[]): string[] {
  return pairs
    .filter(([, value]) => value !== undefined && value !== '' && value !== null)
    .map(([label, value]) => `${indent}${label}: ${value}`)
}

function block(title: string, values: readonly string[] | null | undefined, indent = '  '): string[] {
  return values && values.length > 0 ? [` ${title}:`, ...values.map((value) => `${indent}${value}`)] : []
}

function serverLines(info: InfoResult): string[] {
  return [
    ...lines(' ', ['Containers', info.Containers]),
    ...lines('  ', ['Running', info.ContainersRunning], ['Paused', info.ContainersPaused]),
    ...lines('  ', ['Stopped', info.ContainersStopped]),
    ...lines(' ', ['Images', info.Images], ['Server Version', info.ServerVersion], ['Storage Driver', info.Driver]),
    ...(info.DriverStatus ?? []).map(([name, value]) => `  ${name}: ${value}`),
    ...lines(' ', ['Logging Driver', info.LoggingDriver], ['Cgroup Driver', info.CgroupDriver]),
    ...lines(' ', ['Cgroup Version', info.CgroupVersion]),
    ...pluginLines(info),
    ...block('CDI spec directories', info.CDISpecDirs),
    ` Swarm: ${info.Swarm?.LocalNodeState ?? 'inactive'}`,
    ...runtimeLines(info),
    ...securityLines(info),
    ...hostLines(info),
    ...networkLines(info),
    '',
  ]
}

function pluginLines({ Plugins: plugins }: InfoResult): string[] {
  const list = (names: readonly string[] | null) => names?.join(' ')
  return [
    ' Plugins:',
    ...lines('  ', ['Volume', list(plugins.Volume)], ['Network', list(plugins.Network)]),
    ...lines('  ', ['Authorization', list(plugins.Authorization)], ['Log', list(plugins.Log)]),
  ]
}

function runtimeLines(info: InfoResult): string[] {
  const runtimes = Object.keys(info.Runtimes ?? {}).sort()
  const names = runtimes.length > 0 ? runtimes.join(' ') : undefined
  return lines(
    ' ',
    ['Runtimes', names],
    ['Default Runtime', info.DefaultRuntime],
    ['Init Binary', info.InitBinary],
    ['containerd version', info.ContainerdCommit?.ID],
    ['runc version', info.RuncCommit?.ID],
    ['init version', info.InitCommit?.ID],
  )
}

function securityLines({ SecurityOptions: options }: InfoResult): string[] {
  const shown = (options ?? []).flatMap((option) => {
    const pairs = option.split(',').map((pair) => pair.split('=') as [string, string])
    const name = pairs.find(([key]) => key === 'name')?.[1] ?? option
    const rest = pairs.filter(([key]) => key !== 'name' && pairs.length > 1)
    return [`  ${name}`, ...rest.map(([key, value]) => `   ${key.charAt(0).toUpperCase()}${key.slice(1)}: ${value}`)]
  })
  return shown.length > 0 ? [' Security Options:', ...shown] : []
}

function hostLines(info: InfoResult): string[] {
  return lines(
    ' ',
    ['Kernel Version', info.KernelVersion],
    ['Operating System', info.OperatingSystem],
    ['OSType', info.OSType],
    ['Architecture', info.Architecture],
    ['CPUs', info.NCPU],
    ['Total Memory', formatBinarySize(info.MemTotal)],
    ['Name', info.Name],
    ['ID', info.ID],
    ['Docker Root Dir', info.DockerRootDir],
    ['Debug Mode', info.Debug],
    ...(info.Debug ? debugLines(info) : []),
    ['HTTP Proxy', info.HttpProxy],
    ['HTTPS Proxy', info.HttpsProxy],
    ['No Proxy', info.NoProxy],
  )
}

function debugLines(info: InfoResult): Line[] {
  return [
    [' File Descriptors', info.NFd],
    [' Goroutines', info.NGoroutines],
    [' System Time', info.SystemTime],
    [' EventsListeners', info.NEventsListener],
  ]
}

function networkLines(info: InfoResult): string[] {
  const registries = info.RegistryConfig
  const indexes = Object.values(registries?.IndexConfigs ?? {})
  const insecure = indexes.filter(({ Secure }) => !Secure).map(({ Name }) => Name)
  return [
    ...block('Labels', info.Labels),
    ` Experimental: ${info.ExperimentalBuild}`,
    ...block('Insecure Registries', [...insecure, ...(registries?.InsecureRegistryCIDRs ?? [])]),
    ...block('Registry Mirrors', registries?.Mirrors),
    ` Live Restore Enabled: ${info.LiveRestoreEnabled}`,
    ...block(
      'Default Address Pools',
      info.DefaultAddressPools?.map(({ Base, Size }) => `Base: ${Base}, Size: ${Size}`),
      '   ',
    ),
    ...(info.FirewallBackend && info.FirewallBackend.Driver !== 'iptables'
      ? [` Firewall Backend: ${info.FirewallBackend.Driver}`]
      : []),
  ]
}
