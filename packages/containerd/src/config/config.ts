// SPDX-License-Identifier: Apache-2.0

/**
 * The configuration, with the names that config.toml of version 2 has. Sections of plugins are read by the plugins.
 * Keys that are not here are refused by `checkConfig`, unless they say what holds anyway.
 *
 * @public
 */
export interface ContainerdConfig {
  version: number
  /** What stays. @defaultValue `/var/lib/teu/containerd` */
  root: string
  /** What is gone after a reboot. @defaultValue `/run/teu/containerd` */
  state: string
  /** Files whose values go over those of this one. Once read: every file that was, this one included. */
  imports: string[]
  /** The score that the daemon gives itself for when memory runs out, from -1000 to 1000; 0 leaves it as it is. */
  oom_score: number
  /** The cgroup that the daemon enters at its start, made when it is missing; empty leaves it where it is. */
  cgroup: { path: string }
  grpc: { address: string; uid: number; gid: number }
  /** An empty address is the gRPC one with `.ttrpc` behind it. */
  ttrpc: { address: string; uid: number; gid: number }
  debug: { level: string }
  /** Full names of plugins that are not started. */
  disabled_plugins: string[]
  /** Full names of plugins without which the daemon does not start. */
  required_plugins: string[]
  /** How long shims may take, as Go writes durations, by the names of {@link defaultConfig}. */
  timeouts: Record<string, string>
  /** Settings by a plugin's full name. */
  plugins: Record<string, Record<string, unknown>>
}

/** The names of {@link ContainerdConfig.timeouts}. */
export const timeoutNames = {
  cleanup: 'io.containerd.timeout.shim.cleanup',
  load: 'io.containerd.timeout.shim.load',
  shutdown: 'io.containerd.timeout.shim.shutdown',
  state: 'io.containerd.timeout.task.state',
} as const

/** What holds when nothing is configured. @public */
export function defaultConfig(): ContainerdConfig {
  return {
    version: 2,
    root: '/var/lib/teu/containerd',
    state: '/run/teu/containerd',
    imports: [],
    oom_score: 0,
    cgroup: { path: '' },
    grpc: { address: '/run/teu/containerd.sock', uid: 0, gid: 0 },
    ttrpc: { address: '', uid: 0, gid: 0 },
    debug: { level: 'info' },
    disabled_plugins: [],
    required_plugins: [],
    timeouts: {
      [timeoutNames.cleanup]: '30s',
      [timeoutNames.load]: '5s',
      [timeoutNames.shutdown]: '3s',
      [timeoutNames.state]: '2s',
    },
    plugins: {
      'io.containerd.gc.v1.scheduler': {
        pause_threshold: 0.02,
        deletion_threshold: 0,
        mutation_threshold: 100,
        schedule_delay: '0s',
        startup_delay: '100ms',
      },
      'io.containerd.metadata.v1.bolt': { content_sharing_policy: 'shared' },
      'io.containerd.differ.v1.walking': { workers: 2 },
    },
  }
}
