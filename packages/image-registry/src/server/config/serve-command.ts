// SPDX-License-Identifier: Apache-2.0
import { hasCode, messageOf } from '@teu/errors'
import { Command, Option } from 'commander'
import type { Surroundings } from '../../commands/surroundings.ts'
import type { ReadSettings, SettingSources } from './read-settings.ts'
import { type Setting, settings } from './settings.ts'

/** What serving needs of its process. @internal */
export interface ServeSurroundings extends Omit<Surroundings, 'once' | 'removeListener'> {
  on(signal: 'SIGTERM' | 'SIGINT' | 'SIGHUP', listener: () => void): unknown
  once(signal: 'SIGTERM' | 'SIGINT', listener: () => void): unknown
  removeListener(signal: 'SIGTERM' | 'SIGINT' | 'SIGHUP', listener: () => void): unknown
}

const teaching = `
Every setting can be given three ways, and the first of them counts:
  --tls-cert cert.pem                    a flag
  TEU_REGISTRY_TLS_CERT=cert.pem         the environment; lists are separated by ;
  tls-cert = "cert.pem"                  the file that --config or TEU_REGISTRY_CONFIG names, in TOML

Patterns for repositories: * is anything but a slash, ** is anything.

Examples:
  teu-registry serve --root ./registry
      for this machine: docker push localhost:5000/team/app

  htpasswd -B -c users alice
  teu-registry serve --addr :443 --tls-cert cert.pem --tls-key key.pem --htpasswd users \\
      --access 'alice=**:*' --access 'ci=team/**:pull,push' --anonymous-pull 'public/**'
      for a team: alice may do everything, ci builds, everybody reads what is public

  teu-registry serve --s3-bucket images --s3-prefix registry --root ./local
      in a bucket, with the credentials of the environment; needs the package @aws-sdk/client-s3

  teu-registry serve --proxy https://registry-1.docker.io --root ./cache
      a cache of Docker Hub: docker pull localhost:5000/library/busybox

SIGHUP reads users and certificates again. SIGTERM and SIGINT end it once requests are answered; a second one at once.`

/** `teu-registry serve`. @internal */
export function serveCommand(around: ServeSurroundings): Command {
  const command = new Command('serve').description('Serve an OCI registry until SIGTERM or SIGINT.')
  command.optionsGroup('General:').option('--config <file>', 'a file with settings, TOML')
  for (const [name, setting] of Object.entries<Setting>(settings)) addOptions(command, name, setting)
  return command.addHelpText('after', teaching).action(async function run(this: Command) {
    // What serves is read when it is wanted: the other commands start without it.
    const { serve } = await import('./serve.ts')
    try {
      const { settings: read, unknownVariables } = await settingsGiven(this, around)
      await serve(read, { around, unknownVariables })
    } catch (error) {
      // Wrong settings are wrong usage, wherever they stand.
      if (!hasCode(error, 'invalid-argument')) throw error
      this.error(`error: ${messageOf(error)}`, { exitCode: 2 })
    }
  })
}

function addOptions(command: Command, name: string, { kind, group, help, hint = kind, default: value }: Setting): void {
  command.optionsGroup(`${group}:`)
  if (kind === 'flag') {
    // Either form is there, because the environment or the file may say the opposite. The positive one comes first:
    // behind a negative one commander takes it as given.
    const shown = value === 'true' ? `--no-${name}` : `--${name}`
    for (const flag of [`--${name}`, `--no-${name}`])
      command.addOption(new Option(flag, value === 'true' ? `do not ${help}` : help).hideHelp(flag !== shown))
    return
  }
  const option = new Option(`--${name} <${hint}>`, value === undefined ? help : `${help} (default ${value})`)
  if (kind === 'list') {
    option.description += '; repeatable'
    option.argParser((entry: string, before: string[] | undefined) => [...(before ?? []), entry])
  }
  command.addOption(option)
}

/** What a command line that was parsed, the environment and the file that they name come to. @internal */
export async function settingsGiven(command: Command, around: Pick<ServeSurroundings, 'env'>): Promise<ReadSettings> {
  const { readSettings } = await import('./read-settings.ts')
  return readSettings(await sourcesOf(command, around))
}

async function sourcesOf(command: Command, { env }: Pick<ServeSurroundings, 'env'>): Promise<SettingSources> {
  const options = command.opts<Record<string, string | string[] | boolean | undefined>>()
  const flags = Object.fromEntries(Object.keys(settings).map((name) => [name, options[attributeOf(name)]]))
  const name = options['config'] ?? env['TEU_REGISTRY_CONFIG']
  if (typeof name !== 'string' || name === '') return { flags, env }
  const { text } = await import('./init-of.ts')
  return { flags, env, file: { name, text: await text(name) } }
}

/** commander's name for the value of an option. */
function attributeOf(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
}
