// SPDX-License-Identifier: Apache-2.0
import { runCli } from '@teu/cli'
import { defaultHost } from '../default-host.ts'

/** Commands that are no reason to start a daemon: they only ask one. */
const readOnly = /^(version|info|events|system|help)\b/

void runCli(process.argv.slice(2), {
  binName: 'teu',
  defaultHost,
  // Loaded only when it is needed: most commands find a daemon.
  onDaemonMissing: async (host, commandPath) =>
    readOnly.test(commandPath) ? undefined : (await import('../start-daemon.ts')).startDaemon(host),
}).then((status) => process.exit(status))
