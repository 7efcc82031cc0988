// SPDX-License-Identifier: Apache-2.0
import { globSync } from 'node:fs'
import { posix } from 'node:path'
import type { DeviceMapping, DeviceRequest } from '@teu/engine-api'
import { parseInteger } from '../grammar/go-number.ts'
import { cut, splitCsv } from './csv.ts'

/** What `--device` values turn into: device nodes, and names that a device driver resolves (CDI). */
export interface DeviceFlags {
  readonly mappings: DeviceMapping[]
  readonly cdi: string[]
}

/** Reads all `--device` values; a host path that ends in `*` stands for every path it matches. */
export function parseDevices(specs: readonly string[]): DeviceFlags {
  const cdi = specs.filter(isCdiName)
  return { cdi, mappings: specs.filter((spec) => !isCdiName(spec)).flatMap(parseDevice) }
}

/** `vendor/class=name`, the name of a device in the container device interface. */
function isCdiName(text: string): boolean {
  return /^[A-Za-z][A-Za-z0-9_.-]*[A-Za-z0-9]?\/[A-Za-z][A-Za-z0-9_-]*=[A-Za-z0-9][A-Za-z0-9_.:-]*$/.test(text)
}

function parseDevice(spec: string): DeviceMapping[] {
  const parts = spec.split(':')
  if (parts.length > 3 || parts[0] === '') throw new Error(`bad format for path: ${spec}`)
  const [source, second, third] = parts as [string, string?, string?]
  if (third !== undefined && !isDeviceMode(third)) throw new Error(`bad mode specified: ${third}`)
  const secondIsMode = parts.length === 2 && isDeviceMode(second as string)
  const target = second === undefined || secondIsMode ? source : second
  if (!posix.isAbsolute(target)) throw new Error(`${target} is not an absolute path`)
  const permissions = third ?? (secondIsMode ? (second as string) : 'rwm')
  if (!source.endsWith('*')) {
    return [{ PathOnHost: source, PathInContainer: posix.normalize(target), CgroupPermissions: permissions }]
  }
  if (target !== source) throw new Error(`device with * suffix can't have dst: ${spec}`)
  return globSync(source).map((path) => ({
    PathOnHost: path,
    PathInContainer: path,
    CgroupPermissions: permissions,
  }))
}

function isDeviceMode(text: string): boolean {
  return text !== '' && /^[rwm]+$/.test(text) && new Set(text).size === text.length
}

/** One `--gpus` value: `all`, a number, or fields `driver= count= device= capabilities= options=`. */
export function parseGpus(text: string): DeviceRequest {
  const request: DeviceRequest = { Driver: '', Count: 0, DeviceIDs: [], Capabilities: [], Options: {} }
  const seen = new Set<string>()
  for (const field of splitCsv(text)) {
    const [first, rest, found] = cut(field, '=')
    const key = found ? first : 'count'
    const value = found ? rest : first
    if (seen.has(key)) throw new Error(`gpu request key '${key}' can be specified only once`)
    seen.add(key)
    setGpuField(request, key, value, field)
  }
  if (request.Count !== 0 && (request.DeviceIDs?.length ?? 0) > 0) {
    throw new Error('cannot set both Count and DeviceIDs on device request')
  }
  if (!seen.has('count') && request.DeviceIDs?.length === 0) request.Count = 1
  const capabilities = request.Capabilities as string[][]
  if (capabilities.length === 0) capabilities.push(['gpu'])
  else if (!capabilities[0]?.includes('gpu')) capabilities[0]?.push('gpu')
  return request
}

function setGpuField(request: DeviceRequest, key: string, value: string, field: string): void {
  if (key === 'driver') request.Driver = value
  else if (key === 'count') request.Count = gpuCount(value)
  else if (key === 'device') request.DeviceIDs = value.split(',')
  else if (key === 'capabilities') request.Capabilities = [value.split(',')]
  else if (key === 'options')
    request.Options = Object.fromEntries(value.split(',').map((pair) => cut(pair, '=').slice(0, 2)))
  else throw new Error(`unexpected key '${key}' in '${field}'`)
}

function gpuCount(text: string): number {
  if (text === 'all') return -1
  try {
    return Number(parseInteger(text))
  } catch {
    throw new Error(`invalid count (${text}): value must be either "all" or an integer: invalid syntax`)
  }
}
