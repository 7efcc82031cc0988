// SPDX-License-Identifier: Apache-2.0
import type { ContainerConfig, HealthConfig, HostConfig, NetworkingConfig } from '@teu/engine-api'
import { isMac } from '../flags/checks.ts'
import { pairsToRecord, readPairs } from '../flags/env-file.ts'
import { parsePorts } from '../flags/publish.ts'
import { splitVolumes } from '../flags/volume.ts'
import type { ParsedFlags } from '../grammar/flag.ts'
import type { CreateFlagValues, createFlags } from './create-flags.ts'
import { hostConfigOf } from './host-config.ts'
import { networkingConfigOf } from './networking-config.ts'

/** The three parts of a create body. */
export interface CreateConfig {
  readonly config: ContainerConfig
  readonly hostConfig: HostConfig
  readonly networkingConfig: NetworkingConfig
}

/**
 * Turns the flags and arguments of `create` and `run` into a create body. Throws an `Error` with docker's text for
 * whatever the client judges itself; the engine judges the rest.
 */
export function createConfigOf(
  { values: flags, given, args }: ParsedFlags<typeof createFlags>,
  env: NodeJS.ProcessEnv,
): CreateConfig {
  if (flags['mac-address'] !== '' && !isMac(flags['mac-address'])) {
    throw new Error(`${flags['mac-address']} is not a valid mac address`)
  }
  if (flags['use-api-socket']) throw new Error('--use-api-socket is not supported')
  const volumes = splitVolumes(flags.volume)
  const ports = parsePorts(flags.publish, flags.expose)
  const lookup = (name: string) => env[name]
  const environment = readPairs(flags['env-file'], fillIn(flags.env, env), lookup)
  const labels = pairsToRecord(readPairs(flags['label-file'], flags.label))
  const hostConfig = hostConfigOf(flags, given, ports, volumes)
  const healthcheck = healthcheckOf(flags)
  const [image, ...command] = args as [string, ...string[]]
  const attached = attachedStreams(flags)
  const config: ContainerConfig = {
    Hostname: flags.hostname,
    Domainname: flags.domainname,
    User: flags.user,
    ...attached,
    ...(Object.keys(ports.exposed).length > 0 ? { ExposedPorts: ports.exposed } : {}),
    Tty: flags.tty,
    OpenStdin: flags.interactive,
    // An attached stdin ends with the client that it came from.
    StdinOnce: flags.interactive && attached.AttachStdin,
    ...(environment.length > 0 ? { Env: environment } : {}),
    Cmd: command.length > 0 ? command : null,
    ...(healthcheck ? { Healthcheck: healthcheck } : {}),
    Image: image,
    Volumes: volumes.volumes,
    WorkingDir: flags.workdir,
    Entrypoint: entrypointOf(flags, given),
    OnBuild: null,
    Labels: labels,
    ...(given.has('stop-signal') ? { StopSignal: flags['stop-signal'] } : {}),
    ...(given.has('stop-timeout') ? { StopTimeout: flags['stop-timeout'] } : {}),
  }
  return { config, hostConfig, networkingConfig: networkingConfigOf(flags) }
}

function attachedStreams({ attach, interactive }: CreateFlagValues) {
  const all = attach.length === 0
  return {
    AttachStdin: interactive || attach.includes('stdin'),
    AttachStdout: all || attach.includes('stdout'),
    AttachStderr: all || attach.includes('stderr'),
  }
}

/**
 * Each name once, with the last value given. A name alone takes its value from the environment; without one there it
 * is sent as it is, which unsets it.
 */
function fillIn(given: readonly string[], env: NodeJS.ProcessEnv): string[] {
  const full = given.map((entry) =>
    entry.includes('=') || env[entry] === undefined ? entry : `${entry}=${env[entry]}`,
  )
  return [...new Map(full.map((entry) => [entry.split('=')[0], entry])).values()]
}

function entrypointOf({ entrypoint }: CreateFlagValues, given: ReadonlySet<string>): string[] | null {
  return given.has('entrypoint') ? [entrypoint] : null
}

function healthcheckOf(flags: CreateFlagValues): HealthConfig | undefined {
  const command = flags['health-cmd']
  const times = {
    interval: flags['health-interval'],
    timeout: flags['health-timeout'],
    retries: flags['health-retries'],
    'start-period': flags['health-start-period'],
    'start-interval': flags['health-start-interval'],
  }
  const wanted = command !== '' || Object.values(times).some((value) => value !== 0)
  if (flags['no-healthcheck']) {
    if (wanted) throw new Error('--no-healthcheck conflicts with --health-* options')
    return { Test: ['NONE'] }
  }
  if (!wanted) return undefined
  for (const [name, value] of Object.entries(times)) {
    if (value < 0) throw new Error(`--health-${name} cannot be negative`)
  }
  return {
    ...(command === '' ? {} : { Test: ['CMD-SHELL', command] }),
    ...positive('Interval', times.interval),
    ...positive('Timeout', times.timeout),
    ...positive('StartPeriod', times['start-period']),
    ...positive('StartInterval', times['start-interval']),
    ...positive('Retries', times.retries),
  }
}

function positive(key: string, value: number): Record<string, number> {
  return value > 0 ? { [key]: value } : {}
}
