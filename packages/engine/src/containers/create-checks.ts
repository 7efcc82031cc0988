// SPDX-License-Identifier: Apache-2.0
import type { ContainerConfig, HostConfig } from '@teu/engine-api'
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
  checkRestartPolicy(hostConfig)
  const log = hostConfig.LogConfig
  if (log?.Type) logDriver(log.Type).validate(log.Config ?? {})
  for (const key of Object.keys(hostConfig.Annotations ?? {})) {
    if (key === '') throw invalid('invalid Annotations: the empty string is not permitted as an annotation key')
  }
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
