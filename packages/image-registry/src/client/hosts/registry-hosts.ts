// SPDX-License-Identifier: Apache-2.0
import path from 'node:path'
import { StackError } from '@teu/errors'
import type { Credentials } from '../auth/credentials.ts'
import type { RegistryHost, RegistryMirror } from '../init.ts'
import { readSettingsFile, readSettingsFolder } from '../settings-file.ts'
import { readCertificates } from './certificates.ts'
import { readHostsToml } from './hosts-toml.ts'
import { insecureAmong } from './insecure-registries.ts'

/** Options of {@link registryHosts}. @public */
export interface RegistryHostsOptions {
  /**
   * Folders with a folder for each registry, called `host`, `host:port` or `host_port_`, or `_default`: in it a
   * `hosts.toml`, or certificates by docker's names. The first that has one for a registry counts. Default
   * `/etc/containerd/certs.d`, then `/etc/docker/certs.d`.
   */
  directories?: readonly string[]
  /** Docker's `daemon.json`, of which `registry-mirrors` and `insecure-registries` are read; may be missing. Default none. */
  daemonConfig?: string
  /** Mirrors of docker.io, as URLs, asked after those of a `hosts.toml`. */
  registryMirrors?: readonly string[]
  /** Registries, or ranges of addresses, that need no trusted certificate. */
  insecureRegistries?: readonly string[]
  /** Asked, with a mirror's host and port, when a mirror demands to know who is calling. Default: anonymous. */
  credentials?: (registry: string) => Credentials | undefined | Promise<Credentials | undefined>
}

const defaultDirectories = ['/etc/containerd/certs.d', '/etc/docker/certs.d']

/**
 * How this machine's administrator wants registries to be reached, for {@link RegistryClientInit.hosts}: mirrors from
 * containerd's `hosts.toml` and docker's `registry-mirrors`, certificates from `certs.d`. Files are read when a registry
 * is first talked to. Asking fails with `invalid-argument`, and the file's name, for one that is malformed or cannot be
 * read; one that is missing says nothing.
 *
 * @public
 */
export function registryHosts(options: RegistryHostsOptions = {}): (registry: string) => Promise<RegistryHost> {
  const { directories = defaultDirectories } = options
  return async (registry) => {
    const daemon = options.daemonConfig === undefined ? {} : await readDaemonConfig(options.daemonConfig)
    const insecure = [...(options.insecureRegistries ?? []), ...(daemon.insecure ?? [])]
    const hubMirrors = registry === 'docker.io' ? [...(options.registryMirrors ?? []), ...(daemon.mirrors ?? [])] : []
    const host = await hostFrom(directories, registry)
    const mirrors = [...(host.mirrors ?? []), ...hubMirrors].map((mirror) => withCredentials(mirror, options))
    return {
      ...(insecureAmong(insecure)(registry) ? { insecure: true } : {}),
      ...host,
      ...(mirrors.length === 0 ? {} : { mirrors }),
    }
  }
}

function withCredentials(
  mirror: string | RegistryMirror,
  { credentials }: RegistryHostsOptions,
): string | RegistryMirror {
  const settings = typeof mirror === 'string' ? { url: mirror } : mirror
  const host = URL.parse(settings.url)?.host
  if (credentials === undefined || host === undefined) return settings
  return { ...settings, credentials: () => credentials(host) }
}

async function hostFrom(directories: readonly string[], registry: string): Promise<RegistryHost> {
  const port = /^(.*):(\d+)$/.exec(registry)
  const names = [registry, ...(port ? [`${port[1]}_${port[2]}_`] : []), '_default']
  for (const name of names) {
    for (const directory of directories) {
      const host = await readHostFolder(path.join(directory, name))
      if (host !== undefined) return host
    }
  }
  return {}
}

async function readHostFolder(directory: string): Promise<RegistryHost | undefined> {
  const names = (await readSettingsFolder(directory)) ?? []
  const file = path.join(directory, 'hosts.toml')
  const text = names.includes('hosts.toml') ? await readSettingsFile(file) : undefined
  if (text !== undefined) return readHostsToml(file, text)
  const certificates = await readCertificates(directory, names)
  return Object.keys(certificates).length === 0 ? undefined : certificates
}

async function readDaemonConfig(file: string): Promise<{ mirrors?: string[]; insecure?: string[] }> {
  const text = (await readSettingsFile(file)) ?? ''
  let value: Record<string, unknown> | null
  try {
    value = JSON.parse(text.trim() === '' ? '{}' : text)
  } catch (error) {
    throw new StackError('invalid-argument', `${file} is not JSON`, { cause: error })
  }
  const list = (key: string): string[] => {
    const entries = value?.[key] ?? []
    if (Array.isArray(entries) && entries.every((entry) => typeof entry === 'string')) return entries
    throw new StackError('invalid-argument', `${file}: ${key} is not a list of texts`)
  }
  return { mirrors: list('registry-mirrors'), insecure: list('insecure-registries') }
}
