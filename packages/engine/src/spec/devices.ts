// SPDX-License-Identifier: Apache-2.0

import type { DeviceMapping, HostConfig } from '@teu/engine-api'
import { StackError } from '@teu/errors'
import type { LinuxDevice, LinuxDeviceCgroup } from '@teu/oci-spec/runtime'
import type { HostDevice, HostFacts } from './host-facts.ts'

/** Device nodes to make, and the rules of the device controller. */
export interface SpecDevices {
  nodes: LinuxDevice[]
  rules: LinuxDeviceCgroup[]
}

const character = (major: number, minor: number, allow: boolean): LinuxDeviceCgroup => ({
  allow,
  type: 'c',
  major,
  minor,
  access: 'rwm',
})

/** Nothing, but zero, null, urandom, random, tty and console; the runtime adds the terminals. */
const defaultRules: readonly LinuxDeviceCgroup[] = [
  { allow: false, access: 'rwm' },
  character(1, 5, true),
  character(1, 3, true),
  character(1, 9, true),
  character(1, 8, true),
  character(5, 0, true),
  character(5, 1, true),
  character(10, 229, false),
]

const rulePattern = /^([acb]) ([0-9]+|\*):([0-9]+|\*) ([rwm]{1,3})$/

/** Reads one `--device-cgroup-rule`, as `c 42:* rwm`. */
export function parseDeviceRule(text: string): LinuxDeviceCgroup {
  const match = rulePattern.exec(text)
  if (!match) throw new StackError('invalid-argument', `invalid device cgroup rule format: '${text}'`)
  const [, type, major, minor, access = ''] = match
  return {
    allow: true,
    type: type as 'a' | 'c' | 'b',
    ...(major === '*' ? {} : { major: Number(major) }),
    ...(minor === '*' ? {} : { minor: Number(minor) }),
    access,
  }
}

function node(device: HostDevice, path: string): LinuxDevice {
  const { type, major, minor, fileMode, uid, gid } = device
  return { path, type, major, minor, fileMode, uid, gid }
}

function mapped(mapping: DeviceMapping, host: HostFacts): SpecDevices {
  const from = mapping.PathOnHost ?? ''
  const to = mapping.PathInContainer || from
  const access = mapping.CgroupPermissions || 'rwm'
  if (!/^[rwm]{1,3}$/.test(access)) throw new StackError('invalid-argument', `invalid device mode: ${access}`)
  let devices: HostDevice[]
  try {
    devices = host.devicesAt(from)
  } catch (error) {
    const text = `error gathering device information while adding custom device "${from}": ${(error as Error).message}`
    throw new StackError('invalid-argument', text, { cause: error })
  }
  return {
    nodes: devices.map((device) => node(device, to + device.path.slice(from.length))),
    rules: devices.map(({ type, major, minor }) => ({ allow: true, type, major, minor, access })),
  }
}

/** Every device of the host, as far as it is not the host's terminals and shared memory. */
function allDevices(host: HostFacts): LinuxDevice[] {
  return host.devicesAt('/dev').map((device) => node(device, device.path))
}

/**
 * The devices of a container: its own and the rules for them, or when privileged all that the host has. A path that
 * is no device, a malformed rule or mode are `invalid-argument`.
 */
export function containerDevices(hostConfig: HostConfig, host: HostFacts): SpecDevices {
  const custom = (hostConfig.Devices ?? []).map((mapping) => mapped(mapping, host))
  const nodes = custom.flatMap((devices) => devices.nodes)
  if (hostConfig.Privileged) {
    const taken = new Set(nodes.map(({ path }) => path))
    return {
      nodes: [...nodes, ...allDevices(host).filter(({ path }) => !taken.has(path))],
      rules: [{ allow: true, access: 'rwm' }],
    }
  }
  const rules = [
    ...custom.flatMap((devices) => devices.rules),
    ...(hostConfig.DeviceCgroupRules ?? []).map(parseDeviceRule),
  ]
  return { nodes, rules: [...defaultRules, ...rules] }
}
