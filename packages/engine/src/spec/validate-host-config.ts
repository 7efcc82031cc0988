// SPDX-License-Identifier: Apache-2.0

import type { HostConfig } from '@teu/engine-api'
import { StackError } from '@teu/errors'
import { containerCapabilities } from './capabilities.ts'
import { containerDevices, parseDeviceRule } from './devices.ts'
import type { HostFacts } from './host-facts.ts'
import { requestedMounts } from './requested-mounts.ts'
import { parseProfile } from './seccomp/parse-profile.ts'
import { parseSecurityOptions, refuseConfinement } from './security-options.ts'
import { validateResources } from './validate-resources.ts'
import { validateSysctls } from './validate-sysctls.ts'

/** The names that setrlimit(2) knows, as `--ulimit` takes them. */
const ulimitNames: readonly string[] = [
  'as',
  'core',
  'cpu',
  'data',
  'fsize',
  'locks',
  'memlock',
  'msgqueue',
  'nice',
  'nofile',
  'nproc',
  'rss',
  'rtprio',
  'rttime',
  'sigpending',
  'stack',
]

function refuse(text: string): never {
  throw new StackError('invalid-argument', text)
}

const joins = (mode: string): boolean => /^container:.+/.test(mode)

function checkModes(hostConfig: HostConfig): void {
  const {
    IpcMode: ipc = '',
    PidMode: pid = '',
    UTSMode: uts = '',
    UsernsMode: userns = '',
    CgroupnsMode: cgroup = '',
  } = hostConfig
  if (!['', 'none', 'private', 'shareable', 'host'].includes(ipc) && !joins(ipc)) refuse(`invalid IPC mode: ${ipc}`)
  if (!['', 'host'].includes(pid) && !joins(pid)) refuse(`invalid PID mode: ${pid}`)
  if (!['', 'host'].includes(uts)) refuse(`invalid UTS mode: ${uts}`)
  if (!['', 'host'].includes(userns)) refuse(`invalid userns mode: ${userns}`)
  if (!['', 'private', 'host'].includes(cgroup)) refuse(`invalid cgroup namespace mode: ${cgroup}`)
}

function checkNumbers(hostConfig: HostConfig): void {
  const { ShmSize = 0, OomScoreAdj = 0 } = hostConfig
  if (ShmSize < 0) refuse('SHM size can not be less than 0')
  if (OomScoreAdj < -1000 || OomScoreAdj > 1000) {
    refuse(`Invalid value ${OomScoreAdj}, range for oom score adj is [-1000, 1000]`)
  }
  for (const { Name = '', Soft = 0, Hard = 0 } of hostConfig.Ulimits ?? []) {
    if (!ulimitNames.includes(Name)) refuse(`invalid ulimit type: ${Name}`)
    if (Hard !== -1 && (Soft > Hard || Soft === -1)) {
      refuse(`ulimit soft limit must be less than or equal to hard limit: ${Soft} > ${Hard}`)
    }
  }
}

function checkIsolation({ Isolation: isolation }: HostConfig): void {
  if (isolation && isolation !== 'default') refuse(`invalid isolation '${isolation}' on linux`)
}

function checkSecurity(hostConfig: HostConfig, host: HostFacts): void {
  containerCapabilities(hostConfig, host.capabilities)
  const security = parseSecurityOptions(hostConfig.SecurityOpt)
  const { seccomp } = security
  if (seccomp && seccomp !== 'unconfined' && seccomp !== 'builtin') parseProfile(seccomp)
  for (const rule of hostConfig.DeviceCgroupRules ?? []) parseDeviceRule(rule)
  containerDevices({ ...hostConfig, Privileged: false }, host)
  refuseConfinement(security, host)
}

/**
 * Checks everything of a create request's `HostConfig` that its spec is made from, as dockerd does and with its
 * texts: `invalid-argument` for what cannot be.
 *
 * @returns warnings for the reply, about what is left out
 */
export function validateHostConfig(hostConfig: HostConfig, host: HostFacts): string[] {
  const warnings = validateResources(hostConfig, host)
  checkModes(hostConfig)
  checkNumbers(hostConfig)
  checkIsolation(hostConfig)
  validateSysctls(hostConfig)
  checkSecurity(hostConfig, host)
  requestedMounts(hostConfig)
  return warnings
}
