// SPDX-License-Identifier: Apache-2.0

import type { ContainerConfig, HealthConfig } from '@teu/engine-api'
import { StackError } from '@teu/errors'

type Keys = Readonly<Record<string, Record<string, never>>> | null | undefined

const keyOf = (entry: string): string => entry.split('=', 1)[0] ?? ''

/** The request's variables first, then those of the image that the request does not set. */
function mergeEnv(own: readonly string[], image: readonly string[]): string[] {
  const keys = new Set(own.map(keyOf))
  return [...own, ...image.filter((entry) => !keys.has(keyOf(entry)))]
}

function mergeHealthcheck(own?: HealthConfig, image?: HealthConfig): HealthConfig | undefined {
  if (!own || !image) return own ?? image
  return {
    Test: own.Test?.length ? own.Test : (image.Test ?? []),
    Interval: own.Interval || (image.Interval ?? 0),
    Timeout: own.Timeout || (image.Timeout ?? 0),
    StartPeriod: own.StartPeriod || (image.StartPeriod ?? 0),
    StartInterval: own.StartInterval || (image.StartInterval ?? 0),
    Retries: own.Retries || (image.Retries ?? 0),
  }
}

/**
 * An image's command stands for a request's only while the request has no entrypoint; an entrypoint of its own, even
 * an empty one, drops the image's. `['']` is how `--entrypoint ""` arrives.
 */
function mergeCommand(
  own: ContainerConfig,
  image: Partial<ContainerConfig>,
): Pick<ContainerConfig, 'Cmd' | 'Entrypoint'> {
  let { Cmd: cmd = null, Entrypoint: entrypoint = null } = own
  if (!entrypoint?.length) {
    if (!cmd?.length) cmd = image.Cmd ?? null
    entrypoint ??= image.Entrypoint ?? null
  }
  if (entrypoint?.length === 1 && entrypoint[0] === '') entrypoint = null
  return { Cmd: cmd, Entrypoint: entrypoint }
}

/** The keys of both; null when there are none, as the original shows it. */
function mergeKeys(own: Keys, image: Keys): Record<string, Record<string, never>> | null {
  const merged = { ...image, ...own }
  return Object.keys(merged).length > 0 ? merged : null
}

/** A request's value counts when it is neither absent nor empty. */
function fallBack<K extends keyof ContainerConfig>(
  key: K,
  own: ContainerConfig,
  image: Partial<ContainerConfig>,
): Partial<ContainerConfig> {
  const value = own[key] || image[key]
  return value === undefined ? {} : ({ [key]: value } as Partial<ContainerConfig>)
}

/**
 * The config of a container: a create request's over its image's, by Docker's rules. `invalid-argument` with
 * `no command specified` when neither says what to run.
 */
export function mergeImageConfig(own: ContainerConfig, image: Partial<ContainerConfig>): ContainerConfig {
  const command = mergeCommand(own, image)
  if (!command.Cmd?.length && !command.Entrypoint?.length) {
    throw new StackError('invalid-argument', 'no command specified')
  }
  const health = mergeHealthcheck(own.Healthcheck, image.Healthcheck)
  const { ExposedPorts: ownPorts, ...rest } = own
  const ports = mergeKeys(ownPorts, image.ExposedPorts)
  return {
    ...rest,
    ...command,
    Env: mergeEnv(own.Env ?? [], image.Env ?? []),
    Labels: { ...image.Labels, ...own.Labels },
    ...(ports ? { ExposedPorts: ports } : {}),
    Volumes: mergeKeys(own.Volumes, image.Volumes),
    ...(health ? { Healthcheck: health } : {}),
    ...fallBack('User', own, image),
    ...fallBack('WorkingDir', own, image),
    ...fallBack('StopSignal', own, image),
    ...fallBack('Shell', own, image),
    ...fallBack('ArgsEscaped', own, image),
  }
}

/** The program and its arguments of a merged config: entrypoint, then command. */
export function commandOf(config: ContainerConfig): string[] {
  return [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])]
}
