// SPDX-License-Identifier: Apache-2.0
import path from 'node:path'
import { StackError } from '@teu/errors'
import type { EngineOptions } from '../engine-options.ts'
import type { DaemonConfig } from './daemon-json.ts'
import type { DaemonFlags } from './flags.ts'

/** Everything the daemon is started with. @public */
export interface DaemonOptions {
  engine: Omit<EngineOptions, 'containerd' | 'log'>
  hosts: string[]
  /** `--containerd`; nothing when it was not given. */
  containerdAddress: string | undefined
  /** `--data-root` and `--exec-root` as given, for what else a program keeps below them. */
  roots: { data: string; exec: string }
  pidfile: string | undefined
  logLevel: 'debug' | 'info' | 'warn' | 'error'
}

const levels = ['debug', 'info', 'warn', 'error'] as const

/** Flags over `daemon.json` over defaults. A directive given in both is `invalid-argument`, as in the original. */
export function daemonOptions(flags: DaemonFlags, config: DaemonConfig): DaemonOptions {
  refuseConflicts(flags, config)
  const debug = flags.debug ?? config.debug ?? false
  const registryAccess = {
    insecureRegistries: [...flags.insecureRegistries, ...(config['insecure-registries'] ?? [])],
    registryMirrors: [...flags.registryMirrors, ...(config['registry-mirrors'] ?? [])],
  }
  const roots = {
    data: flags.dataRoot ?? config['data-root'] ?? '/var/lib/teu',
    exec: flags.execRoot ?? config['exec-root'] ?? '/run/teu',
  }
  return {
    roots,
    engine: {
      dataRoot: path.join(roots.data, 'engine'),
      execRoot: path.join(roots.exec, 'engine'),
      containerdNamespace: flags.containerdNamespace ?? config['containerd-namespace'],
      defaultRuntime: flags.defaultRuntime ?? config['default-runtime'],
      runtimes: { ...config.runtimes, ...runtimesIn(flags.addRuntimes) },
      logConfig: {
        Type: flags.logDriver ?? config['log-driver'] ?? 'json-file',
        Config: { ...config['log-opts'], ...pairsIn(flags.logOpts, '--log-opt') },
      },
      defaultShmSize: config['default-shm-size'],
      cgroupParent: flags.cgroupParent ?? config['cgroup-parent'],
      bridge: flags.bridge ?? config.bridge,
      bip: flags.bip ?? config.bip,
      group: flags.group ?? config.group,
      labels: [...flags.labels, ...(config.labels ?? [])],
      registryAccess,
      tcpInsecure: flags.tcpInsecure,
      tcpNames: flags.tcpNames,
      debug,
    },
    hosts: hostsOf(flags, config),
    containerdAddress: flags.containerd ?? config.containerd,
    pidfile: flags.pidfile ?? config.pidfile,
    logLevel: debug ? 'debug' : levelOf(flags.logLevel ?? config['log-level'] ?? 'info'),
  }
}

function hostsOf(flags: DaemonFlags, config: DaemonConfig): string[] {
  const hosts = flags.hosts.length > 0 ? flags.hosts : (config.hosts ?? [])
  return hosts.length > 0 ? hosts : ['unix:///run/teu/engine.sock']
}

function refuseConflicts(flags: DaemonFlags, config: DaemonConfig): void {
  const pairs: [keyof DaemonConfig, unknown][] = [
    ['data-root', flags.dataRoot],
    ['exec-root', flags.execRoot],
    ['hosts', flags.hosts.length > 0 ? flags.hosts : undefined],
    ['containerd', flags.containerd],
    ['pidfile', flags.pidfile],
    ['bridge', flags.bridge],
    ['bip', flags.bip],
    ['group', flags.group],
    ['cgroup-parent', flags.cgroupParent],
    ['default-runtime', flags.defaultRuntime],
    ['log-driver', flags.logDriver],
    ['log-level', flags.logLevel],
    ['debug', flags.debug],
  ]
  const both = pairs.filter(([key, value]) => value !== undefined && config[key] !== undefined)
  if (both.length === 0) return
  const list = both.map(([key, value]) => `${key}: (from flag: ${value}, from file: ${config[key]})`).join(', ')
  throw new StackError(
    'invalid-argument',
    `the following directives are specified both as a flag and in the configuration file: ${list}`,
  )
}

function levelOf(text: string): DaemonOptions['logLevel'] {
  const level = levels.find((name) => name === text)
  if (!level) throw new StackError('invalid-argument', `invalid logging level: ${text}`)
  return level
}

function runtimesIn(entries: readonly string[]): Record<string, { path: string }> {
  return Object.fromEntries(Object.entries(pairsIn(entries, '--add-runtime')).map(([name, path]) => [name, { path }]))
}

function pairsIn(entries: readonly string[], flag: string): Record<string, string> {
  return Object.fromEntries(
    entries.map((entry) => {
      const at = entry.indexOf('=')
      if (at < 1) throw new StackError('invalid-argument', `invalid argument "${entry}" for ${flag}: must be key=value`)
      return [entry.slice(0, at), entry.slice(at + 1)]
    }),
  )
}
