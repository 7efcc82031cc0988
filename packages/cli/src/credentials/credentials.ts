// SPDX-License-Identifier: Apache-2.0
import type { AuthConfig } from '@teu/engine-api'
import type { CommandContext } from '../context/command-context.ts'
import type { ConfigFile, StoredAuth } from '../context/config-file.ts'
import { askHelper } from './credential-helper.ts'

/** The key that credentials for Docker's own registry are kept under. */
const dockerHubKey = 'https://index.docker.io/v1/'

/**
 * The user's credentials for one registry: from its own helper, else from the store, else from the config file.
 * Undefined when there are none. Rejects when a configured helper is missing or fails: another source may hold
 * credentials that this registry must not see.
 */
export async function credentialsFor(context: CommandContext, registry: string): Promise<AuthConfig | undefined> {
  const { config } = context
  const key = registry === 'docker.io' ? dockerHubKey : registry
  const helper = config.credHelpers[key] ?? config.credHelpers[registry] ?? (config.credsStore || undefined)
  if (helper !== undefined) return askHelper(helper, key, context.env)
  return storedCredentials(config, key)
}

function storedCredentials({ auths }: ConfigFile, key: string): AuthConfig | undefined {
  const entry = auths[key] ?? Object.entries(auths).find(([name]) => hostOf(name) === key)?.[1]
  return entry && decodeStored(entry, key)
}

/** The registry's host in an old-style key that is a URL. */
function hostOf(key: string): string {
  return key.replace(/^https?:\/\//, '').split('/')[0] as string
}

function decodeStored(entry: StoredAuth, key: string): AuthConfig | undefined {
  const { auth, identitytoken, registrytoken } = entry
  const tokens = { ...(identitytoken ? { identitytoken } : {}), ...(registrytoken ? { registrytoken } : {}) }
  if (!auth) return Object.keys(tokens).length > 0 ? { ...tokens, serveraddress: key } : undefined
  const [username, ...rest] = Buffer.from(auth, 'base64').toString('utf8').split(':')
  const password = rest.join(':').replaceAll('\0', '')
  return { username: username as string, password, serveraddress: key, ...tokens }
}
