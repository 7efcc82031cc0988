// SPDX-License-Identifier: Apache-2.0
import { attachCommand } from './commands/container/attach.ts'
import {
  killCommand,
  pauseCommand,
  removeCommand,
  renameCommand,
  unpauseCommand,
  waitCommand,
} from './commands/container/control.ts'
import { createCommand } from './commands/container/create.ts'
import { execCommand } from './commands/container/exec.ts'
import { exportCommand } from './commands/container/export.ts'
import { listCommand } from './commands/container/list.ts'
import { logsCommand } from './commands/container/logs.ts'
import { portCommand } from './commands/container/port.ts'
import { runCommand } from './commands/container/run.ts'
import { startCommand } from './commands/container/start.ts'
import { restartCommand, stopCommand } from './commands/container/stop.ts'
import { topCommand } from './commands/container/top.ts'
import { loadCommand, removeCommand as removeImageCommand, saveCommand } from './commands/image/archive.ts'
import { historyCommand, listCommand as listImagesCommand } from './commands/image/list.ts'
import { pullCommand, pushCommand, tagCommand } from './commands/image/transfer.ts'
import { containerInspectCommand, imageInspectCommand, inspectCommand } from './commands/inspect.ts'
import { eventsCommand } from './commands/system/events.ts'
import { infoCommand } from './commands/system/info.ts'
import { versionCommand } from './commands/system/version.ts'
import type { AnyCommand } from './grammar/command.ts'

/** Every command of this program. A command is found through this list alone: nothing registers itself. */
export const commands: readonly AnyCommand[] = [
  attachCommand,
  containerInspectCommand,
  createCommand,
  eventsCommand,
  execCommand,
  exportCommand,
  historyCommand,
  imageInspectCommand,
  infoCommand,
  inspectCommand,
  killCommand,
  listCommand,
  listImagesCommand,
  loadCommand,
  logsCommand,
  pauseCommand,
  portCommand,
  pullCommand,
  pushCommand,
  removeCommand,
  removeImageCommand,
  renameCommand,
  restartCommand,
  runCommand,
  saveCommand,
  startCommand,
  stopCommand,
  tagCommand,
  topCommand,
  unpauseCommand,
  versionCommand,
  waitCommand,
]

/** Groups of commands that share their first word, each with its sentence for help. */
export const groups: Readonly<Record<string, string>> = {
  container: 'Manage containers',
  image: 'Manage images',
  system: 'Manage the engine',
}

/** The commands that the first part of the main help page shows, in this order. */
export const commonCommands = ['run', 'exec', 'ps', 'pull', 'push', 'images', 'version', 'info']

/** A command found by the first words of an argument vector. */
export interface FoundCommand {
  readonly command: AnyCommand
  /** The words that named it. */
  readonly path: string
  readonly rest: readonly string[]
}

/** Finds the command that `words` begin with; undefined when there is none. */
export function findCommand(words: readonly string[]): FoundCommand | undefined {
  for (const length of [2, 1]) {
    if (words.length < length) continue
    const path = words.slice(0, length).join(' ')
    const command = commands.find((each) => each.path === path || each.aliases.includes(path))
    if (command) return { command, path, rest: words.slice(length) }
  }
  return undefined
}
