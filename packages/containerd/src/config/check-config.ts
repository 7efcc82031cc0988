// SPDX-License-Identifier: Apache-2.0
import { isDeepStrictEqual } from 'node:util'
import { StackError } from '@teu/errors'
import { type ContainerdConfig, defaultConfig, timeoutNames } from './config.ts'
import { parseDuration } from './duration.ts'

type Table = Readonly<Record<string, unknown>>

/** A value that is taken, or the name of what a value has to be. */
type Check = (value: unknown) => string | undefined

const onlyAs =
  (...values: readonly unknown[]): Check =>
  (value) =>
    values.some((taken) => isDeepStrictEqual(value, taken)) ? undefined : 'is not supported by this daemon'
const integer =
  (least: number, most: number): Check =>
  (value) =>
    Number.isInteger(value) && (value as number) >= least && (value as number) <= most
      ? undefined
      : `has to be an integer from ${least} to ${most}, is ${JSON.stringify(value)}`
const fraction: Check = (value) =>
  typeof value === 'number' && value >= 0 && value <= 1 ? undefined : `has to be from 0 to 1, is ${String(value)}`
const text: Check = (value) => (typeof value === 'string' ? undefined : 'has to be a string')
const duration: Check = (value) => {
  try {
    parseDuration(value as string)
    return undefined
  } catch {
    return `has to be a duration such as "5s", is ${JSON.stringify(value)}`
  }
}
const oneOf =
  (...values: readonly string[]): Check =>
  (value) =>
    values.includes(value as string) ? undefined : `has to be one of ${values.join(', ')}, is ${JSON.stringify(value)}`
const cgroupPath: Check = (value) =>
  value === '' || (typeof value === 'string' && value.startsWith('/') && !value.split('/').includes('..'))
    ? undefined
    : `has to be an absolute path of a cgroup, is ${JSON.stringify(value)}`
const anything: Check = () => undefined

/** Keys of a table. A key that is none of them is refused. */
interface Keys {
  readonly [key: string]: Check | Keys
}

const largest = 2 ** 32 - 1

/**
 * The keys that this daemon takes. It does not implement some settings of containerd's: it takes such a setting only
 * with the value that describes how the daemon behaves anyway.
 */
const keys: Keys = {
  version: anything,
  root: text,
  state: text,
  imports: anything,
  oom_score: integer(-1000, 1000),
  disabled_plugins: anything,
  required_plugins: anything,
  plugins: anything,
  grpc: {
    address: text,
    uid: integer(0, largest),
    gid: integer(0, largest),
    tcp_address: onlyAs(''),
    tcp_tls_ca: onlyAs(''),
    tcp_tls_cert: onlyAs(''),
    tcp_tls_key: onlyAs(''),
    max_recv_message_size: onlyAs(16 * 1024 * 1024),
    max_send_message_size: onlyAs(16 * 1024 * 1024),
  },
  ttrpc: { address: text, uid: integer(0, largest), gid: integer(0, largest) },
  debug: {
    level: text,
    address: onlyAs(''),
    format: onlyAs('', 'text'),
    uid: onlyAs(0),
    gid: onlyAs(0),
  },
  metrics: { address: onlyAs(''), grpc_histogram: onlyAs(false) },
  cgroup: { path: cgroupPath },
  timeouts: {
    ...Object.fromEntries(Object.values(timeoutNames).map((name) => [name, duration])),
    'io.containerd.timeout.bolt.open': onlyAs('0s', '0'),
  },
  plugin_dir: onlyAs(''),
  temp: onlyAs(''),
  proxy_plugins: onlyAs({}),
  stream_processors: onlyAs({}),
}

/** Settings of the built-in plugins. */
const settings: Keys = {
  'io.containerd.gc.v1.scheduler': {
    pause_threshold: fraction,
    // Every deletion has a collection follow, so that any number of them does.
    deletion_threshold: integer(0, largest),
    mutation_threshold: integer(0, largest),
    schedule_delay: duration,
    startup_delay: duration,
  },
  'io.containerd.metadata.v1.bolt': { content_sharing_policy: oneOf('shared', 'isolated') },
  'io.containerd.differ.v1.walking': { workers: integer(1, 64) },
  'io.containerd.snapshotter.v1.overlayfs': {
    root_path: text,
    upperdir_label: onlyAs(false),
    sync_remove: onlyAs(false),
  },
  'io.containerd.snapshotter.v1.native': { root_path: text },
  'io.containerd.service.v1.diff-service': { default: onlyAs(['walking']) },
  'io.containerd.service.v1.tasks-service': { rdt_config_file: onlyAs('') },
  'io.containerd.runtime.v2.task': {
    platforms: onlyAs([`linux/${process.arch === 'x64' ? 'amd64' : process.arch}`]),
    sched_core: onlyAs(false),
  },
}

/** The decoders of encrypted layers that containerd's own default has; an encrypted layer is refused by its type. */
const stockDecoders = /^io\.containerd\.ocicrypt\.decoder\.v1\.tar(\.gzip)?$/

/**
 * Refuses what would do nothing: keys that are not known, values out of range, and parts of containerd that this daemon
 * has not, by name.
 *
 * @param name - put before messages, such as the file's
 * @throws `invalid-argument`
 */
export function checkConfig(config: ContainerdConfig, name = 'configuration'): void {
  const { stream_processors: decoders = {}, ...rest } = config as ContainerdConfig & { stream_processors?: Table }
  const unknown = Object.keys(decoders).find((processor) => !stockDecoders.test(processor))
  if (unknown !== undefined) throw invalid(`${name}: stream_processors.${unknown} is not supported by this daemon`)
  checkTable(rest as unknown as Table, keys, name)
  for (const [uri, table] of Object.entries(config.plugins)) {
    const known = Object.hasOwn(settings, uri) ? (settings[uri] as Keys) : undefined
    if (known !== undefined) checkTable(table, known, `${name}: plugins."${uri}"`, '.')
  }
}

/** Names the plugins that have settings and do not run: such settings do nothing and are harmless. */
export function idleSettings({ plugins }: ContainerdConfig, running: ReadonlySet<string>): string[] {
  const preset = defaultConfig().plugins
  return Object.keys(plugins).filter((uri) => !running.has(uri) && !isDeepStrictEqual(plugins[uri], preset[uri]))
}

function checkTable(table: Table, known: Keys, name: string, joint = ': '): void {
  for (const [key, value] of Object.entries(table)) {
    const check = Object.hasOwn(known, key) ? known[key] : undefined
    const path = `${name}${joint}${key}`
    if (check === undefined) throw invalid(`${path} is not known to this daemon`)
    if (typeof check === 'function') {
      const problem = check(value)
      if (problem !== undefined) throw invalid(`${path} ${problem}`)
    } else if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw invalid(`${path} has to be a table`)
    else checkTable(value as Table, check, path, '.')
  }
}

function invalid(message: string): StackError {
  return new StackError('invalid-argument', message)
}
