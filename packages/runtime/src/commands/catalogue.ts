// SPDX-License-Identifier: Apache-2.0
import type { Command, OptionHelp } from './command.ts'

/** A command that is loaded when it is called. @internal */
export interface CatalogueEntry {
  summary: string
  load: () => Promise<Command>
}

function refused(name: 'checkpoint' | 'restore'): CatalogueEntry {
  const summary = 'not supported'
  return { summary, load: async () => (await import('./refused.ts')).refusedCommand(name, summary) }
}

/** Every command by name. Each is loaded alone: start-up is most of what a call costs. @internal */
export const commands: Readonly<Record<string, CatalogueEntry>> = {
  checkpoint: refused('checkpoint'),
  create: { summary: 'create a container', load: async () => (await import('./create.ts')).command },
  delete: { summary: 'remove a stopped container', load: async () => (await import('./delete.ts')).command },
  events: {
    summary: 'print what a container uses, and when it is out of memory',
    load: async () => (await import('./events.ts')).command,
  },
  exec: { summary: 'run another process in a container', load: async () => (await import('./exec.ts')).command },
  features: { summary: 'print what this runtime knows', load: async () => (await import('./features.ts')).command },
  kill: { summary: "send a signal to the container's init", load: async () => (await import('./kill.ts')).command },
  list: {
    summary: 'list the containers of the state directory',
    load: async () => (await import('./list.ts')).command,
  },
  pause: { summary: 'stop all processes of a container', load: async () => (await import('./pause.ts')).command },
  ps: { summary: 'show the processes of a container', load: async () => (await import('./ps.ts')).command },
  restore: refused('restore'),
  resume: { summary: 'let a paused container go on', load: async () => (await import('./resume.ts')).command },
  run: { summary: 'create and run a container', load: async () => (await import('./run.ts')).command },
  spec: { summary: 'write a config.json to start from', load: async () => (await import('./spec.ts')).command },
  start: {
    summary: 'execute the program of a created container',
    load: async () => (await import('./start.ts')).command,
  },
  state: { summary: 'print the state of a container', load: async () => (await import('./state.ts')).command },
  update: { summary: 'change the limits of a container', load: async () => (await import('./update.ts')).command },
}

/** Options that come before the command. @internal */
export const globalOptions: Readonly<Record<string, OptionHelp>> = {
  debug: { type: 'boolean', help: 'log more' },
  log: { type: 'string', help: 'file to write the log to, default standard error' },
  'log-format': { type: 'string', help: 'text (default) or json' },
  root: { type: 'string', help: "directory of the containers' state, default /run/teu-runtime" },
  criu: { type: 'string', help: 'accepted; checkpoints are not supported' },
  'systemd-cgroup': { type: 'boolean', help: 'let systemd make cgroups; cgroupsPath is slice:prefix:name' },
  'cgroup-manager': { type: 'string', help: 'who makes cgroups: cgroupfs (default), systemd or disabled' },
  rootless: { type: 'string', help: 'whether to do without a cgroup that may not be made: true, false or auto' },
  help: { type: 'boolean', short: 'h', help: 'show help' },
  version: { type: 'boolean', short: 'v', help: 'print the version' },
}
