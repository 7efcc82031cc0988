// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import { blobPath, repositoryScope } from '@teu/oci-spec/distribution'
import { type Descriptor, type Digest, mediaTypes } from '@teu/oci-spec/image'
import type { RegistryQuota } from '../../client/http/quota.ts'
import { discard } from '../../client/http/transport.ts'
import type { RegistryHost } from '../../client/init.ts'
import { listTags } from '../../client/listings.ts'
import { type FetchedManifest, fetchManifest, resolve } from '../../client/manifests.ts'
import { pullBlob } from '../../client/pull-blob.ts'
import { listReferrers } from '../../client/referrers.ts'
import { type Repository, Session } from '../../client/session.ts'
import type { ManifestReference } from '../../store/manifest-store.ts'
import type { ProxyInit } from './proxy-init.ts'

const dockerHubHosts = ['registry-1.docker.io', 'docker.io', 'index.docker.io']

/** Tags of one repository that are listed. */
const maximumTags = 100_000

/** The registry that a pull-through cache stands before. @internal */
export class Upstream {
  readonly #session: Session
  readonly #registry: string
  readonly #isDockerHub: boolean
  /** What it said last that this cache may still ask for. */
  quota: RegistryQuota | undefined

  constructor({ url: text, credentials, realms, ca }: ProxyInit) {
    const url = URL.parse(text)
    if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') {
      throw new StackError('invalid-argument', 'proxy: url is no http url, or has a user in it')
    }
    this.#isDockerHub = dockerHubHosts.includes(url.hostname)
    this.#registry = url.host
    const own = this.#isDockerHub ? [url.origin, 'https://auth.docker.io'] : [url.origin]
    const address = this.#isDockerHub ? 'https://registry-1.docker.io' : url.href.replace(/\/$/, '')
    const host: RegistryHost = { url: address, realms: realms ?? own, ...(ca && { ca }) }
    this.#session = new Session({
      hosts: { [this.#registry]: host },
      ...(credentials && { credentials: () => credentials }),
      onQuota: (_registry, quota) => {
        this.quota = quota
      },
      userAgent: 'teu-registry',
      retries: 1,
      connectTimeoutMs: 5_000,
      answerTimeoutMs: 30_000,
    })
  }

  /** Whether it goes by a name, as mirrors are asked for (`?ns=`). */
  isNamed(name: string): boolean {
    return name === this.#registry || (this.#isDockerHub && dockerHubHosts.includes(name))
  }

  /** What a tag names now. */
  resolve(name: string, tag: string, signal: AbortSignal): Promise<Descriptor> {
    return resolve(this.#session, { ...this.#at(name), tag }, { signal })
  }

  /** A manifest, verified. */
  manifest(name: string, reference: ManifestReference, signal: AbortSignal): Promise<FetchedManifest> {
    return fetchManifest(this.#session, { ...this.#at(name), ...reference }, { signal })
  }

  /** How long a blob is. Fails with `not-found`. */
  async sizeOf(name: string, digest: Digest, signal: AbortSignal): Promise<number> {
    const { registry, repository } = this.#at(name)
    const answer = await this.#session.send({
      ...{ registry, signal, method: 'HEAD', target: blobPath(repository, digest) },
      scopes: [repositoryScope(repository, ['pull'])],
      accept: [200],
    })
    await discard(answer)
    const size = Number(answer.header('content-length') ?? Number.NaN)
    if (Number.isSafeInteger(size)) return size
    throw new StackError('unavailable', `${registry}: does not say how long ${digest} is`)
  }

  /** A blob's bytes; the end is reached only when they are right. */
  blob(
    name: string,
    { digest, size }: { digest: Digest; size: number },
    signal: AbortSignal,
  ): AsyncIterable<Uint8Array> {
    return pullBlob(this.#session, this.#at(name), { mediaType: mediaTypes.ociLayer, digest, size }, { signal })
  }

  /** All tags of a repository, in order. */
  async tags(name: string, signal: AbortSignal): Promise<string[]> {
    const found: string[] = []
    for await (const tag of listTags(this.#session, this.#at(name), { signal })) {
      if (found.push(tag) >= maximumTags) break
    }
    return found.sort()
  }

  referrers(
    name: string,
    digest: Digest,
    artifactType: string | undefined,
    signal: AbortSignal,
  ): Promise<Descriptor[]> {
    return listReferrers(this.#session, this.#at(name), digest, { ...(artifactType && { artifactType }), signal })
  }

  close(): Promise<void> {
    return this.#session.close()
  }

  /** Docker Hub's own images lie below `library/`, which people leave out. */
  #at(name: string): Repository {
    const repository = this.#isDockerHub && !name.includes('/') ? `library/${name}` : name
    return { registry: this.#registry, repository }
  }
}
