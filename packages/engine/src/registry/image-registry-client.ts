// SPDX-License-Identifier: Apache-2.0
import type { AuthConfig } from '@teu/engine-api'
import { type Credentials, createRegistryClient, type RegistryHost } from '@teu/image-registry/client'
import type { Reference } from '@teu/oci-spec/distribution'
import type { Descriptor } from '@teu/oci-spec/image'
import type { OpenRegistry, RegistrySource, SourceOptions } from '../images/registry-source.ts'
import { timed } from '../timed.ts'

/** How registries are reached; the keys of `daemon.json` that matter for it. */
export interface RegistryAccess {
  /** Registries (`host[:port]`) that may be talked to without a trusted certificate. */
  insecureRegistries?: readonly string[]
  /** Mirrors of docker.io, as URLs. */
  registryMirrors?: readonly string[]
  userAgent?: string
}

function hostOf(registry: string, access: RegistryAccess): RegistryHost | undefined {
  const mirrors = registry === 'docker.io' ? access.registryMirrors : undefined
  const insecure = access.insecureRegistries?.includes(registry)
  return { ...(mirrors?.length ? { mirrors } : {}), ...(insecure ? { insecure } : {}) }
}

function credentialsOf(auth: AuthConfig | undefined): Credentials | undefined {
  if (!auth) return undefined
  if (auth.registrytoken) return { registryToken: auth.registrytoken }
  if (auth.identitytoken) {
    return { identityToken: auth.identitytoken, ...(auth.username ? { username: auth.username } : {}) }
  }
  return auth.username ? { username: auth.username, password: auth.password ?? '' } : undefined
}

/** What the client's calls are called in traces. */
const layer = 'image-registry'

const call = (options: SourceOptions | undefined) => (options?.signal ? { signal: options.signal } : {})

/** The reference of a descriptor in the repository of another reference. */
const at = ({ registry, repository }: Reference, { digest }: Descriptor): Reference => ({
  registry,
  repository,
  digest,
})

/** Registries as `@teu/image-registry/client` reaches them: the one place of this package that knows it. */
export function openRegistries(access: RegistryAccess = {}): OpenRegistry {
  return (auth) => {
    const credentials = credentialsOf(auth)
    const client = createRegistryClient({
      hosts: (registry) => hostOf(registry, access),
      credentials: () => credentials,
      ...(access.userAgent ? { userAgent: access.userAgent } : {}),
    })
    const source: RegistrySource = {
      resolve: (reference, options) => timed(layer, 'resolve', () => client.resolve(reference, call(options))),
      tags: (reference, options) => client.listTags(reference, call(options)),
      async manifest(reference, expected, options) {
        const { body } = await timed(layer, 'manifest', () =>
          client.fetchManifest(at(reference, expected), { ...call(options), expected }),
        )
        return body
      },
      blob: (reference, descriptor, options) =>
        client.pullBlob(reference, descriptor, { ...call(options), offset: options?.offset ?? 0 }),
      async pushBlob(reference, descriptor, open, options = {}) {
        const { mountFrom, onProgress } = options
        const extra = { ...(mountFrom ? { mountFrom } : {}), ...(onProgress ? { onProgress } : {}) }
        const outcome = await client.pushBlob(reference, descriptor, open, { ...call(options), ...extra })
        if (outcome.kind === 'mounted') return { mountedFrom: outcome.from }
        return outcome.kind === 'exists' ? 'exists' : 'pushed'
      },
      async pushManifest(reference, descriptor, body, options) {
        await client.pushManifest(reference, body, { ...call(options), mediaType: descriptor.mediaType })
      },
      close: () => client.close(),
    }
    return source
  }
}

/** Asks a registry whether it takes credentials. */
export type RegistryLogin = (registry: string, auth: AuthConfig, signal?: AbortSignal) => Promise<void>

/** A {@link RegistryLogin} for registries as `access` describes them. `unauthenticated` when they are refused. */
export function registryLogin(access: RegistryAccess = {}): RegistryLogin {
  return async (registry, auth, signal) => {
    const credentials = credentialsOf(auth)
    await using client = createRegistryClient({
      hosts: (name) => hostOf(name, access),
      credentials: () => credentials,
      ...(access.userAgent ? { userAgent: access.userAgent } : {}),
    })
    await client.ping(registry, call({ signal }))
  }
}
