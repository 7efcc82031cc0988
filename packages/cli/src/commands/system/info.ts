// SPDX-License-Identifier: Apache-2.0
import type { InfoResult } from '@teu/engine-api'
import type { CommandContext } from '../../context/command-context.ts'
import { text } from '../../flags/kinds.ts'
import { escapeControl } from '../../format/escape-control.ts'
import { toJson } from '../../format/go-template/functions.ts'
import { Struct } from '../../format/go-template/values.ts'
import { parseFormat, renderTemplate } from '../../format/template.ts'
import { defineCommand } from '../../grammar/command.ts'
import { infoText } from '../../system/info-text.ts'
import { clientVersion } from './version.ts'

/** `info`: the state of the engine and its host. */
export const infoCommand = defineCommand({
  path: 'system info',
  aliases: ['info'],
  summary: 'Display system-wide information',
  usage: '[OPTIONS]',
  flags: { format: text("Format: 'json' or a Go template", { char: 'f' }) },
  arguments: { min: 0, max: 0 },
  run: async (context, { values }) => {
    const { format } = values
    const template = format === '' || format === 'json' ? undefined : parseFormat(format, { status: 64 })
    const { server, failure } = await askServer(context)
    const { ApiVersion: _, ...version } = clientVersion(context, undefined)
    const client = { Debug: context.flags.debug, ...version, Plugins: [], Warnings: null }
    const all = { ...server, ClientInfo: client }
    if (template) {
      const members = Object.fromEntries(Object.entries(all).map(([name, value]) => [name, () => value]))
      context.print(renderTemplate(template, new Struct('system.dockerInfo', members)))
    } else if (format === 'json') {
      context.print(toJson(all))
    } else {
      for (const warning of server?.Warnings ?? []) context.printError(escapeControl(warning))
      context.print(escapeControl(infoText(client, server), '\n'))
    }
    if (failure !== undefined) throw failure
  },
})

async function askServer(context: CommandContext): Promise<{ server?: InfoResult; failure?: unknown }> {
  try {
    const engine = await context.engine()
    return { server: await engine.info({ signal: context.signal }) }
  } catch (failure) {
    return { failure }
  }
}
