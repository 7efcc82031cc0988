// SPDX-License-Identifier: Apache-2.0
import os from 'node:os'
import type { EngineOptions } from './engine-options.ts'
import type { EventBus } from './events/event-bus.ts'
import type { RegistryAccess } from './registry/image-registry-client.ts'
import type { EngineSettings } from './settings.ts'
import { chooseRuntime } from './tasks/runtime-choice.ts'

/** The options of an engine that can change while it runs. @public */
export type ReloadOptions = Pick<
  EngineOptions,
  'debug' | 'labels' | 'defaultRuntime' | 'runtimes' | 'defaultShmSize' | 'registryAccess'
>

/** The values that an engine started with where its options say nothing. */
export const settingDefaults = { defaultShmSize: 64 << 20 } as const

/** The parts of the engine that a reload changes. */
export interface ReloadTarget {
  readonly settings: EngineSettings
  /** As the registry clients read it, at every call. */
  readonly registryAccess: RegistryAccess
  /** The runtime of containers when no option names one. */
  readonly detectedRuntime: string
  readonly events: EventBus
  readonly engineId: string
}

/**
 * Takes over what can change while containers run, tells it as the event `reload`, and returns the names of what has
 * changed. `invalid-argument` for a runtime that does not exist; then nothing has changed.
 */
export function reloadSettings(target: ReloadTarget, options: ReloadOptions): string[] {
  const { settings, registryAccess } = target
  const runtimes = options.runtimes ?? {}
  const defaultRuntime = options.defaultRuntime ?? target.detectedRuntime
  chooseRuntime('', defaultRuntime, runtimes)
  const next = {
    debug: options.debug ?? false,
    labels: options.labels ?? [],
    runtimes,
    defaultRuntime,
    defaultShmSize: options.defaultShmSize ?? settingDefaults.defaultShmSize,
  }
  const access = {
    insecureRegistries: options.registryAccess?.insecureRegistries ?? [],
    registryMirrors: options.registryAccess?.registryMirrors ?? [],
  }
  const changed = [...changes(settings, next), ...changes(registryAccess, access)]
  Object.assign(settings, next)
  Object.assign(registryAccess, access)
  const attributes = Object.entries({ ...next, ...access }).map(([name, value]) => [directiveOf(name), textOf(value)])
  target.events.publish('daemon', 'reload', target.engineId, { name: os.hostname(), ...Object.fromEntries(attributes) })
  return changed.map(directiveOf)
}

function changes(old: object, next: object): string[] {
  return Object.entries(next)
    .filter(([name, value]) => JSON.stringify((old as Record<string, unknown>)[name] ?? []) !== JSON.stringify(value))
    .map(([name]) => name)
}

/** `insecureRegistries` as `daemon.json` spells it. */
function directiveOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

function textOf(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
