// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import { type Command, InvalidArgumentError } from 'commander'
import type { Credentials } from '../client/auth/credentials.ts'
import { dockerKeychain } from '../client/auth/docker-keychain.ts'
import { registryHosts } from '../client/hosts/registry-hosts.ts'
import { createRegistryClient, type RegistryClient } from '../client/registry-client.ts'
import { lowQuota } from './low-quota.ts'
import type { Surroundings } from './surroundings.ts'

/** What every command that talks to a registry takes. @internal */
export interface ClientFlags {
  creds?: string
  passwordStdin?: boolean
  insecure?: boolean
  config?: string
  certsDir?: string[]
  mirror?: string[]
  retries?: number
}

/** How one registry of a command is to be reached, beyond what holds for all. @internal */
export interface Access {
  creds?: string | undefined
  insecure?: boolean | undefined
}

const gather = (value: string, before: string[] = []) => [...before, value]

/** A whole number from `least` on. @internal */
export function count(least: number): (text: string) => number {
  return (text) => {
    if (!/^\d{1,9}$/.test(text) || Number(text) < least)
      throw new InvalidArgumentError(`It is no number of at least ${least}.`)
    return Number(text)
  }
}

/** Adds the flags of {@link ClientFlags}; `own` are those about the one registry of the command. @internal */
export function withClientFlags(command: Command, { own = true } = {}): Command {
  command.optionsGroup('Registry:')
  if (own) {
    command
      .option('--creds <user[:password]>', "credentials; default those of docker's and podman's login")
      .option('--password-stdin', 'read the password of --creds from standard input')
      .option('--insecure', 'accept any certificate, and plain http')
  }
  return command
    .option('--config <dir>', "folder of docker's config.json with credentials")
    .option('--certs-dir <dir>', 'folder with hosts.toml or certificates by registry; repeatable', gather)
    .option('--mirror <url>', 'mirror of docker.io; repeatable', gather)
    .option('--retries <n>', 'how often what failed for the moment is repeated', count(0), 5)
}

/** Makes a client; `access` says what holds for single registries. @internal */
export async function openClient(
  { env, stderr }: Surroundings,
  flags: ClientFlags,
  access: ReadonlyMap<string, Access>,
): Promise<RegistryClient> {
  const given = new Map<string, Credentials>()
  for (const [registry, { creds }] of access) if (creds !== undefined) given.set(registry, credentialsOf(creds))
  const keychain = dockerKeychain({
    env: flags.config === undefined ? env : { ...env, DOCKER_CONFIG: flags.config, DOCKER_AUTH_CONFIG: '' },
  })
  const credentials = (registry: string) => given.get(registry) ?? keychain(registry)
  const hosts = registryHosts({
    ...(flags.certsDir && { directories: flags.certsDir }),
    ...(flags.mirror && { registryMirrors: flags.mirror }),
    insecureRegistries: [...access].flatMap(([registry, { insecure }]) => (insecure ? [registry] : [])),
    credentials: keychain,
  })
  const warn = (text: string) => void stderr.write(`warning: ${text}\n`)
  return createRegistryClient({
    hosts,
    credentials,
    ...(flags.retries === undefined ? {} : { retries: flags.retries }),
    onWarning: (registry, text) => warn(`${registry}: ${text}`),
    onQuota: lowQuota(warn),
  })
}

/** The same for a command with one registry. @internal */
export async function openClientFor(
  around: Surroundings,
  flags: ClientFlags,
  registry: string,
): Promise<RegistryClient> {
  const creds = flags.passwordStdin ? await withPassword(flags.creds, around) : flags.creds
  return openClient(around, flags, new Map([[registry, { creds, insecure: flags.insecure }]]))
}

async function withPassword(user: string | undefined, { stdin }: Surroundings): Promise<string> {
  if (user === undefined || user.includes(':'))
    throw new StackError('invalid-argument', '--password-stdin goes with --creds USER, without a password')
  const chunks: Buffer[] = []
  for await (const chunk of stdin) chunks.push(Buffer.from(chunk))
  return `${user}:${Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '')}`
}

function credentialsOf(text: string): Credentials {
  const colon = text.indexOf(':')
  if (colon < 1) throw new StackError('invalid-argument', 'credentials are written user:password')
  return { username: text.slice(0, colon), password: text.slice(colon + 1) }
}
