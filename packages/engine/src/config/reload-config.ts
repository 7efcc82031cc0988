// SPDX-License-Identifier: Apache-2.0
import { messageOf } from '@teu/errors'
import type { DaemonLog } from '../log.ts'
import type { Engine } from '../serve.ts'
import type { DaemonOptions } from './daemon-options.ts'

/** The settings that a reload of the configuration compares and changes. */
export interface ConfigReload {
  readonly engine: Pick<Engine, 'reload'>
  readonly log: DaemonLog
  /** The options as they were when the daemon started. */
  readonly started: DaemonOptions
  /** Reads the file again, under the same flags. */
  read(): DaemonOptions
}

/** Every option that is fixed once the daemon has started, by its name in `daemon.json`. */
const fixed: Readonly<Record<string, (options: DaemonOptions) => unknown>> = {
  'data-root': ({ roots }) => roots.data,
  'exec-root': ({ roots }) => roots.exec,
  hosts: ({ hosts }) => hosts,
  containerd: ({ containerdAddress }) => containerdAddress,
  'containerd-namespace': ({ engine }) => engine.containerdNamespace,
  pidfile: ({ pidfile }) => pidfile,
  bridge: ({ engine }) => engine.bridge,
  bip: ({ engine }) => engine.bip,
  group: ({ engine }) => engine.group,
  'cgroup-parent': ({ engine }) => engine.cgroupParent,
  'log-driver': ({ engine }) => engine.logConfig?.Type,
  'log-opts': ({ engine }) => engine.logConfig?.Config,
}

/**
 * Reads the configuration again and takes over what can change while the daemon runs; the log tells what has changed,
 * and what waits for a restart. A file that cannot be read changes nothing.
 */
export function reloadConfig({ engine, log, started, read }: ConfigReload): void {
  try {
    const options = read()
    const changed = engine.reload(options.engine)
    log.setLevel(options.logLevel)
    const waiting = Object.entries(fixed)
      .filter(([, of]) => JSON.stringify(of(options)) !== JSON.stringify(of(started)))
      .map(([name]) => name)
    log.info('the configuration has been reloaded', { changed })
    if (waiting.length > 0) log.warn('changed options that take effect after a restart', { options: waiting })
  } catch (error) {
    log.error('the configuration could not be reloaded and stays as it was', { error: messageOf(error) })
  }
}
