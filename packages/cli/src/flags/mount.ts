// SPDX-License-Identifier: Apache-2.0
import { resolve } from 'node:path'
import type { BindOptions, Mount, TmpfsOptions, VolumeOptions } from '@teu/engine-api'
import { parseMemory } from '../format/bytes.ts'
import { parseBool } from '../grammar/go-number.ts'
import { cut, splitCsv } from './csv.ts'

/** A mount under construction: the option blocks appear when a field of theirs is named. */
interface Draft {
  mount: Mount
  bind?: BindOptions
  volume?: VolumeOptions
  tmpfs?: TmpfsOptions
  image?: { Subpath?: string }
  recursion?: string
}

/**
 * One `--mount` value: comma-separated `key=value` fields, `type=volume` unless said otherwise. Throws with docker's
 * text for an unknown key, a value that does not fit, or options of another mount type.
 */
export function parseMount(text: string): Mount {
  const draft: Draft = { mount: { Type: 'volume' } }
  for (const field of splitCsv(text)) readField(draft, field)
  return finish(draft)
}

const bareFields: Record<string, (draft: Draft) => void> = {
  readonly: (draft) => setReadOnly(draft, true),
  ro: (draft) => setReadOnly(draft, true),
  'volume-nocopy': (draft) => setNoCopy(draft, true),
  'bind-nonrecursive': (draft) => setNonRecursive(draft, true),
}

function readField(draft: Draft, field: string): void {
  const [key, value, found] = cut(field, '=')
  const bare = found ? undefined : bareFields[key]
  if (bare) {
    bare(draft)
    return
  }
  if (!found) throw new Error(`invalid field '${field}' must be a key=value pair`)
  const set = Object.hasOwn(fields, key) ? fields[key] : undefined
  if (!set) throw new Error(`unexpected key '${key}' in '${field}'`)
  set(draft, value, key)
}

const fields: Record<string, (draft: Draft, value: string, key: string) => void> = {
  type: (draft, value) => {
    draft.mount.Type = value.toLowerCase()
  },
  source: setSource,
  src: setSource,
  target: setTarget,
  dst: setTarget,
  destination: setTarget,
  readonly: (draft, value, key) => setReadOnly(draft, flagValue(key, value)),
  ro: (draft, value, key) => setReadOnly(draft, flagValue(key, value)),
  consistency: (draft, value) => {
    draft.mount.Consistency = value.toLowerCase()
  },
  'bind-propagation': (draft, value) => {
    bindOf(draft).Propagation = value.toLowerCase()
  },
  'bind-nonrecursive': (draft, value, key) => setNonRecursive(draft, flagValue(key, value)),
  'bind-recursive': setRecursion,
  'volume-subpath': (draft, value) => {
    volumeOf(draft).Subpath = value
  },
  'volume-nocopy': (draft, value, key) => setNoCopy(draft, flagValue(key, value)),
  'volume-label': (draft, value) => addPair(volumeOf(draft), 'Labels', value),
  'volume-driver': (draft, value) => {
    driverOf(draft).Name = value
  },
  'volume-opt': (draft, value) => addPair(driverOf(draft), 'Options', value),
  'image-subpath': (draft, value) => {
    draft.image = { Subpath: value }
  },
  'tmpfs-size': (draft, value, key) => {
    tmpfsOf(draft).SizeBytes = orRefuse(key, value, () => parseMemory(value))
  },
  'tmpfs-mode': (draft, value, key) => {
    if (!/^[0-7]+$/.test(value) || Number.parseInt(value, 8) > 0xffffffff) refuse(key, value)
    tmpfsOf(draft).Mode = Number.parseInt(value, 8)
  },
}

function setSource(draft: Draft, value: string): void {
  draft.mount.Source = value === '.' || value.startsWith('./') ? resolve(value) : value
}

function setTarget(draft: Draft, value: string): void {
  draft.mount.Target = value
}

function setReadOnly(draft: Draft, on: boolean): void {
  draft.mount.ReadOnly = on
}

function setNoCopy(draft: Draft, on: boolean): void {
  volumeOf(draft).NoCopy = on
}

function setNonRecursive(draft: Draft, on: boolean): void {
  bindOf(draft).NonRecursive = on
}

function setRecursion(draft: Draft, value: string, key: string): void {
  const bind = bindOf(draft)
  draft.recursion = value
  if (value === 'disabled') bind.NonRecursive = true
  else if (value === 'writable') bind.ReadOnlyNonRecursive = true
  else if (value === 'readonly') bind.ReadOnlyForceRecursive = true
  else if (value !== 'enabled') {
    throw new Error(`invalid value for ${key}: ${value} (must be "enabled", "disabled", "writable", or "readonly")`)
  }
}

function bindOf(draft: Draft): BindOptions {
  draft.bind ??= {}
  return draft.bind
}

function tmpfsOf(draft: Draft): TmpfsOptions {
  draft.tmpfs ??= {}
  return draft.tmpfs
}

function volumeOf(draft: Draft): VolumeOptions {
  draft.volume ??= {}
  return draft.volume
}

function driverOf(draft: Draft): { Name?: string; Options?: Record<string, string> } {
  const volume = volumeOf(draft)
  volume.DriverConfig ??= {}
  return volume.DriverConfig
}

function addPair<K extends string>(owner: { [key in K]?: Record<string, string> }, key: K, text: string): void {
  const [name, value] = cut(text, '=')
  const pairs = owner[key] ?? {}
  if (name !== '') pairs[name] = value
  owner[key] = pairs
}

function refuse(key: string, value: string): never {
  throw new Error(`invalid value for ${key}: ${value}`)
}

function orRefuse<T>(key: string, value: string, parse: () => T): T {
  try {
    return parse()
  } catch {
    return refuse(key, value)
  }
}

function flagValue(key: string, value: string): boolean {
  return orRefuse(key, value, () => parseBool(value))
}

function finish({ mount, bind, volume, tmpfs, image, recursion }: Draft): Mount {
  if (mount.Type === '') throw new Error('type is required')
  if (!mount.Target) throw new Error('target is required')
  const blocks = { bind, volume, image, tmpfs }
  for (const [kind, block] of Object.entries(blocks)) {
    if (block && mount.Type !== kind) throw new Error(`cannot mix '${kind}-*' options with mount type '${mount.Type}'`)
  }
  if (recursion === 'writable' || recursion === 'readonly') checkRecursion(mount, bind as BindOptions, recursion)
  if (bind) mount.BindOptions = bind
  if (volume) mount.VolumeOptions = { ...volume, DriverConfig: volume.DriverConfig ?? {} }
  if (image) mount.ImageOptions = image
  if (tmpfs) mount.TmpfsOptions = tmpfs
  return mount
}

function checkRecursion(mount: Mount, bind: BindOptions, recursion: string): void {
  const option = `option 'bind-recursive=${recursion}'`
  if (!mount.ReadOnly) throw new Error(`${option} requires 'readonly' to be specified in conjunction`)
  if (recursion === 'readonly' && bind.Propagation !== 'rprivate') {
    throw new Error(`${option} requires 'bind-propagation=rprivate' to be specified in conjunction`)
  }
}
