// SPDX-License-Identifier: Apache-2.0

/**
 * The configuration, with the names that config.toml of version 2 has. Sections of plugins are read by the plugins.
 *
 * @public
 */
export interface ContainerdConfig {
  version: number
  /** What stays. @defaultValue `/var/lib/teu/containerd` */
  root: string
  /** What is gone after a reboot. @defaultValue `/run/teu/containerd` */
  state: string
  grpc: { address: string; uid: number; gid: number }
  /** An empty address is the gRPC one with `.ttrpc` behind it. */
  ttrpc: { address: string }
  debug: { level: string }
  /** Full names of plugins that are not started. */
  disabled_plugins: string[]
  /** Settings by a plugin's full name. */
  plugins: Record<string, Record<string, unknown>>
}

/** What holds when nothing is configured. @public */
export function defaultConfig(): ContainerdConfig {
  return {
    version: 2,
    root: '/var/lib/teu/containerd',
    state: '/run/teu/containerd',
    grpc: { address: '/run/teu/containerd.sock', uid: 0, gid: 0 },
    ttrpc: { address: '' },
    debug: { level: 'info' },
    disabled_plugins: [],
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
