// SPDX-License-Identifier: Apache-2.0
import { currentApiVersion, type VersionResult } from '@teu/engine-api'
import type { CommandContext } from '../../context/command-context.ts'
import { text } from '../../flags/kinds.ts'
import { toJson } from '../../format/go-template/functions.ts'
import { Struct } from '../../format/go-template/values.ts'
import { parseFormat, renderTemplate } from '../../format/template.ts'
import { defineCommand } from '../../grammar/command.ts'
import { missingField } from '../../inspect/missing-field.ts'
import { type ClientVersion, versionText, withReadableTimes } from '../../system/version-text.ts'

/** `version`: what client and engine are. */
export const versionCommand = defineCommand({
  path: 'version',
  aliases: [],
  summary: 'Show the version information',
  usage: '[OPTIONS]',
  flags: { format: text("Format: 'json' or a Go template", { char: 'f' }) },
  arguments: { min: 0, max: 0 },
  run: async (context, { values }) => {
    const template =
      values.format === '' || values.format === 'json'
        ? undefined
        : parseFormat(values.format, { name: 'version', status: 64 })
    const { server, failure } = await askServer(context)
    const client = clientVersion(context, server)
    if (template) {
      const data = new Struct('system.versionInfo', { Client: () => client, Server: () => server ?? null })
      context.print(renderTemplate(template, data, missingField))
    } else if (values.format === 'json') {
      context.print(toJson({ Client: client, Server: server ?? null }))
    } else {
      context.print(versionText(client, server))
    }
    if (failure !== undefined) throw failure
  },
})

async function askServer(context: CommandContext): Promise<{ server?: VersionResult; failure?: unknown }> {
  try {
    const engine = await context.engine()
    return { server: withReadableTimes(await engine.serverVersion({ signal: context.signal })) }
  } catch (failure) {
    return { failure }
  }
}

/** The client's own part. */
export function clientVersion(context: CommandContext, server: VersionResult | undefined): ClientVersion {
  const negotiated = server && server.ApiVersion < currentApiVersion ? server.ApiVersion : currentApiVersion
  return {
    Version: context.version,
    ApiVersion: context.env.DOCKER_API_VERSION || negotiated,
    DefaultAPIVersion: currentApiVersion,
    GitCommit: '',
    GoVersion: process.version,
    Os: process.platform,
    Arch: process.arch === 'x64' ? 'amd64' : process.arch,
    BuildTime: '',
    Context: context.endpoint.contextName,
  }
}
