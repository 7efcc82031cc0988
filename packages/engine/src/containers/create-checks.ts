// SPDX-License-Identifier: Apache-2.0
import type { ContainerConfig, HealthConfig, HostConfig } from '@teu/engine-api'
import { StackError } from '@teu/errors'
import { logDriver } from '../logs/log-drivers.ts'
import { parseSignal } from './signals.ts'

/** Refuses what no container can be made from, with the original's texts. Throws `invalid-argument`. */
export function checkCreate(config: ContainerConfig, hostConfig: HostConfig): void {
  for (const entry of config.Env ?? []) checkEnv(entry)
  checkHostname(config.Hostname ?? '')
  if (/[\0\n]/.test(config.Domainname ?? '')) throw invalid(`invalid domain name: ${JSON.stringify(config.Domainname)}`)
  if (config.WorkingDir && !config.WorkingDir.startsWith('/')) {
    throw invalid(`the working directory '${config.WorkingDir}' is invalid, it needs to be an absolute path`)
  }
  if (config.StopSignal) parseSignal(config.StopSignal)
  checkHealth(config.Healthcheck)
  checkRestartPolicy(hostConfig)
  checkPortSyntax(hostConfig)
  checkNetworkConflicts(config, hostConfig)
  const log = hostConfig.LogConfig
  if (log?.Type) logDriver(log.Type).validate(log.Config ?? {})
  for (const key of Object.keys(hostConfig.Annotations ?? {})) {
    if (key === '') throw invalid('invalid Annotations: the empty string is not permitted as an annotation key')
  }
}

/** Shortest duration of a health check, in nanoseconds; zero inherits the image's. */
const shortestHealthDuration = 1_000_000

function checkHealth(health: HealthConfig = {}): void {
  for (const name of ['Interval', 'Timeout', 'StartPeriod', 'StartInterval'] as const) {
    const duration = health[name] ?? 0
    if (duration !== 0 && duration < shortestHealthDuration)
      throw invalid(`${name} in Healthcheck cannot be less than 1ms`)
  }
  if ((health.Retries ?? 0) < 0) throw invalid('Retries in Healthcheck cannot be negative')
}

function checkPortSyntax({ PortBindings }: HostConfig): void {
  for (const [key, bindings] of Object.entries(PortBindings ?? {})) {
    const [port = '', protocol = 'tcp'] = key.split('/')
    if (!isPortRange(port, 1) || !['tcp', 'udp', 'sctp'].includes(protocol)) {
      throw invalid(`invalid port specification: ${JSON.stringify(port)}`)
    }
    for (const { HostPort: hostPort = '' } of bindings ?? []) {
      if (hostPort !== '' && !isPortRange(hostPort, 0)) {
        throw invalid(`invalid port specification: ${JSON.stringify(hostPort)}`)
      }
    }
  }
}

function isPortRange(text: string, least: number): boolean {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text)
  const [low, high] = [Number(match?.[1]), Number(match?.[2] ?? match?.[1])]
  return match !== null && low >= least && low <= high && high <= 65_535
}

/** Names that a container cannot choose for itself in another's network, or in the host's UTS namespace. */
function checkNetworkConflicts(config: ContainerConfig, host: HostConfig): void {
  const joins = host.NetworkMode?.startsWith('container:') ?? false
  const published = Object.keys(host.PortBindings ?? {}).length > 0 || (host.PublishAllPorts ?? false)
  const conflicts: [boolean, string][] = [
    [joins && Boolean(config.Hostname), 'hostname and the network mode'],
    [host.UTSMode === 'host' && Boolean(config.Hostname), 'hostname and the UTS mode'],
    [
      joins && (host.Links?.length ?? 0) > 0,
      "container type network can't be used with links. This would result in undefined behavior",
    ],
    [joins && (host.Dns?.length ?? 0) > 0, 'dns and the network mode'],
    [joins && (host.ExtraHosts?.length ?? 0) > 0, 'custom host-to-IP mapping and the network mode'],
    [(joins || host.NetworkMode === 'host') && Boolean(config.MacAddress), 'mac-address and the network mode'],
    [joins && published, 'port publishing and the container type network mode'],
    [joins && Object.keys(config.ExposedPorts ?? {}).length > 0, 'port exposing and the container type network mode'],
  ]
  const found = conflicts.find(([holds]) => holds)
  if (found) throw invalid(`conflicting options: ${found[1]}`)
}

function checkEnv(entry: string): void {
  const name = entry.split('=', 1)[0]
  if (name === '') throw invalid(`invalid environment variable: ${entry}`)
  if (entry.includes('\0')) throw invalid(`invalid environment variable: ${JSON.stringify(entry)}`)
}

function checkHostname(hostname: string): void {
  if (hostname.length > 64 || /[\0\s/]/.test(hostname)) {
    throw invalid(`invalid hostname: ${JSON.stringify(hostname)}`)
  }
}

function checkRestartPolicy({ RestartPolicy, AutoRemove }: HostConfig): void {
  const { Name = '', MaximumRetryCount = 0 } = RestartPolicy ?? {}
  if (AutoRemove && Name !== '' && Name !== 'no')
    throw invalid("can't create 'AutoRemove' container with restart policy")
  if (!['', 'no', 'always', 'unless-stopped', 'on-failure'].includes(Name)) {
    throw invalid(
      `invalid restart policy: unknown policy '${Name}'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'`,
    )
  }
  if (MaximumRetryCount < 0) throw invalid('invalid restart policy: maximum retry count cannot be negative')
  if (MaximumRetryCount > 0 && Name !== 'on-failure') {
    throw invalid("invalid restart policy: maximum retry count can only be used with 'on-failure'")
  }
}

function invalid(message: string): StackError {
  return new StackError('invalid-argument', message)
}
