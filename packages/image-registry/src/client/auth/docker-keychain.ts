// SPDX-License-Identifier: Apache-2.0
import { homedir } from 'node:os'
import path from 'node:path'
import { askHelper } from './credential-helper.ts'
import type { Credentials } from './credentials.ts'
import { type DockerConfig, keysOf, lookUp, parseDockerConfig, readDockerConfig } from './docker-config.ts'

/** Options of {@link dockerKeychain}. @public */
export interface DockerKeychainOptions {
  /**
   * The files to look in, in this order; those that are not there are passed over. Default: `config.json` in
   * `DOCKER_CONFIG` or `~/.docker`, then podman's `REGISTRY_AUTH_FILE` and `containers/auth.json` in `XDG_RUNTIME_DIR`.
   */
  files?: readonly string[]
  /** Variables of the environment, read here and passed on to credential programs. Default: those of this process. */
  env?: Readonly<Record<string, string | undefined>>
  /** Milliseconds that a credential program may take, for somebody may be asked for a PIN. Default 60,000. */
  helperTimeoutMs?: number
}

/**
 * The credentials that `docker login` and `podman login` have left, for {@link RegistryClientInit.credentials}: in
 * `DOCKER_AUTH_CONFIG`, in a `config.json`, or with the credential program that it names. Files are read when a registry
 * asks who is calling, and not before.
 *
 * A program that a file names for a registry has the last word: when it is missing or fails, asking fails
 * (`failed-precondition`) instead of going on with other credentials or none. A file that is malformed, or is there and
 * cannot be read, is `invalid-argument`.
 *
 * @public
 */
export function dockerKeychain(
  options: DockerKeychainOptions = {},
): (registry: string) => Promise<Credentials | undefined> {
  const { env = process.env, helperTimeoutMs = 60_000 } = options
  const files = options.files ?? defaultFiles(env)
  return async (registry) => {
    const inline = env['DOCKER_AUTH_CONFIG']
    if (inline) {
      const found = lookUp(parseDockerConfig(inline, 'DOCKER_AUTH_CONFIG').auths, registry)
      if (found !== undefined) return found
    }
    for (const file of files) {
      const config = await readDockerConfig(file)
      const found = config && (await credentialsFrom(config, registry, env, helperTimeoutMs))
      if (found !== undefined) return found
    }
    return undefined
  }
}

function defaultFiles(env: Readonly<Record<string, string | undefined>>): string[] {
  const home = env['HOME'] || homedir()
  const runtime = env['XDG_RUNTIME_DIR']
  const files = [path.join(env['DOCKER_CONFIG'] || path.join(home, '.docker'), 'config.json')]
  if (env['REGISTRY_AUTH_FILE']) files.push(env['REGISTRY_AUTH_FILE'])
  else if (runtime) files.push(path.join(runtime, 'containers', 'auth.json'))
  return files
}

function credentialsFrom(
  config: DockerConfig,
  registry: string,
  env: Readonly<Record<string, string | undefined>>,
  timeoutMs: number,
): Promise<Credentials | undefined> | Credentials | undefined {
  const { source } = config
  const helper = lookUp(config.credHelpers, registry) ?? config.credsStore
  if (helper === undefined) return lookUp(config.auths, registry)
  return askHelper({ helper, source, server: keysOf(registry)[0] as string, env, timeoutMs })
}
