// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { clausesOf, type RegistryCase } from './clauses.ts'
import {
  absentDigest,
  configOf,
  configType,
  type Descriptor,
  describe,
  indexOf,
  indexType,
  manifestOf,
  manifestType,
} from './content.ts'
import type { RegistryContext } from './context.ts'
import { assertRefused } from './refusal.ts'
import { digestOf, nextPage, type RawReply } from './wire.ts'

const listing = clausesOf('Listing Referrers (end-12a)', 'push', 'referrers')
const filtering = clausesOf('Listing Referrers (end-12b)', 'push', 'referrers')
const enabling = clausesOf('Enabling the Referrers API', 'push', 'referrers')
const enabledAnew = clausesOf('Enabling the Referrers API', 'push', 'restart')

interface Listed extends Descriptor {
  artifactType?: string
  annotations?: Record<string, string>
}

interface ReferrerFields {
  artifactType?: string
  annotations?: Record<string, string>
}

/** The descriptors of an answer that has the form it must have. */
function listed(reply: RawReply): Listed[] {
  assert.equal(reply.status, 200, `${reply.body}`)
  assert.equal(reply.headers['content-type'], indexType)
  const { schemaVersion, mediaType, manifests } = JSON.parse(reply.body.toString())
  assert.deepEqual([schemaVersion, mediaType, Array.isArray(manifests)], [2, indexType, true])
  return manifests
}

/** What refers to a digest in a repository, over all pages. */
async function referrers(
  registry: RegistryContext,
  subject: string,
  repository: string,
  query = '',
): Promise<Listed[]> {
  const found: Listed[] = []
  for (
    let path: string | undefined = `${registry.path(`referrers/${subject}`, repository)}${query}`;
    path !== undefined;
  ) {
    const reply: RawReply = await registry.request('GET', path)
    found.push(...listed(reply))
    path = nextPage(reply)
  }
  return found
}

/** Pushes a manifest, or an index, about a subject. */
async function refer(
  registry: RegistryContext,
  subject: Descriptor,
  repository: string,
  fields: ReferrerFields = {},
  kind: 'manifest' | 'index' = 'manifest',
): Promise<Listed> {
  if (kind === 'manifest') await registry.pushBlob(configOf(), repository)
  const body =
    kind === 'manifest'
      ? manifestOf({ config: configOf(), layers: [] }, { subject, ...fields })
      : indexOf([], { subject, ...fields })
  const type = kind === 'manifest' ? manifestType : indexType
  const reply = await registry.putManifest(digestOf(body), body, { repository, type })
  assert.equal(reply.status, 201, `${reply.body}`)
  return describe(type, body)
}

/** A repository with an image in it, as a subject. */
async function subjectIn(registry: RegistryContext): Promise<{ repository: string; subject: Descriptor }> {
  const repository = registry.fresh()
  const { body } = await registry.pushImage('subject', { repository })
  return { repository, subject: describe(manifestType, body) }
}

/** What every registry has to take as a manifest, and every client as an index. */
const fourMegabytes = 4 * 1024 * 1024

const byDigest = (one: Descriptor, other: Descriptor) => (one.digest < other.digest ? -1 : 1)

export const referrerCases: readonly RegistryCase[] = [
  listing.must('answer with 200 and an index that is empty when nothing refers', async (registry) => {
    const { repository, subject } = await subjectIn(registry)
    assert.deepEqual(await referrers(registry, subject.digest, repository), [])
  }),
  listing.must('answer with 200 for a subject that is not there', async (registry) => {
    const { repository } = await subjectIn(registry)
    assert.deepEqual(await referrers(registry, absentDigest, repository), [])
  }),
  listing.must('refuse what is no digest with 400', async (registry) => {
    const { repository } = await subjectIn(registry)
    for (const digest of ['latest', 'sha256:zz', 'sha256'])
      assertRefused(await registry.request('GET', registry.path(`referrers/${digest}`, repository)), 400)
  }),
  listing.must('describe each manifest and index with that subject, and no other', async (registry) => {
    const { repository, subject } = await subjectIn(registry)
    const other = await refer(registry, subject, repository, { annotations: { is: 'a subject too' } })
    await refer(registry, other, repository)
    const expected = [
      other,
      await refer(registry, subject, repository),
      await refer(registry, subject, repository, {}, 'index'),
    ]
    const found = await referrers(registry, subject.digest, repository)
    const plain = found.map(({ mediaType, digest, size }) => ({ mediaType, digest, size }))
    assert.deepEqual(plain.sort(byDigest), expected.sort(byDigest))
  }),
  listing.must(
    'give the artifactType of the manifest or index, else the type of the configuration, else none',
    async (registry) => {
      const { repository, subject } = await subjectIn(registry)
      const expected: Record<string, string | undefined> = {}
      for (const [fields, kind, type] of [
        [{ artifactType: 'application/vnd.example.a' }, 'manifest', 'application/vnd.example.a'],
        [{}, 'manifest', configType],
        [{ artifactType: '' }, 'manifest', configType],
        [{ artifactType: 'application/vnd.example.b' }, 'index', 'application/vnd.example.b'],
        [{}, 'index', undefined],
      ] as const)
        expected[(await refer(registry, subject, repository, fields, kind)).digest] = type
      const found = await referrers(registry, subject.digest, repository)
      assert.equal(found.length, 5)
      for (const { digest, artifactType } of found) assert.equal(artifactType, expected[digest])
    },
  ),
  listing.must('give the annotations of the manifest or index', async (registry) => {
    const { repository, subject } = await subjectIn(registry)
    const annotations = { 'org.example.one': '1', two: 'zwei \u00fc "' }
    for (const kind of ['manifest', 'index'] as const) await refer(registry, subject, repository, { annotations }, kind)
    const found = await referrers(registry, subject.digest, repository)
    assert.deepEqual(
      found.map((descriptor) => descriptor.annotations),
      [annotations, annotations],
    )
  }),
  listing.must('list what refers in this repository only', async (registry) => {
    const [{ repository, subject }, { repository: other }] = [await subjectIn(registry), await subjectIn(registry)]
    await refer(registry, subject, other)
    assert.deepEqual(await referrers(registry, subject.digest, repository), [])
    assert.equal((await referrers(registry, subject.digest, other)).length, 1)
  }),
  listing.must('lead by Link through a list too long for one index, by each once', async (registry) => {
    const { repository, subject } = await subjectIn(registry)
    const expected = new Set<string>()
    for (let index = 0; index < 24; index++) {
      const annotations = { long: `${index} ${'x'.repeat(350_000)}` }
      expected.add((await refer(registry, subject, repository, { annotations })).digest)
    }
    const digests: string[] = []
    for (
      let path: string | undefined = registry.path(`referrers/${subject.digest}`, repository);
      path !== undefined;
    ) {
      const reply: RawReply = await registry.request('GET', path)
      assert.ok(reply.body.length <= fourMegabytes, `an index of ${reply.body.length} bytes`)
      digests.push(...listed(reply).map(({ digest }) => digest))
      path = nextPage(reply)
    }
    assert.equal(digests.length, 24)
    assert.deepEqual(new Set(digests), expected)
  }),
  filtering.should('filter by artifactType, and say so with OCI-Filters-Applied', async (registry) => {
    const { repository, subject } = await subjectIn(registry)
    const wanted = await refer(registry, subject, repository, { artifactType: 'application/vnd.example.a+json' })
    await refer(registry, subject, repository, { artifactType: 'application/vnd.example.b' })
    const plain = await refer(registry, subject, repository)
    for (const [type, digests] of [
      ['application/vnd.example.a+json', [wanted.digest]],
      [configType, [plain.digest]],
      ['application/vnd.example.none', []],
    ] as const) {
      const path = `${registry.path(`referrers/${subject.digest}`, repository)}?${new URLSearchParams({ artifactType: type })}`
      const reply = await registry.request('GET', path)
      assert.equal(reply.headers['oci-filters-applied'], 'artifactType')
      assert.deepEqual(
        listed(reply).map(({ digest }) => digest),
        digests,
      )
    }
    const whole = await registry.request('GET', registry.path(`referrers/${subject.digest}`, repository))
    assert.equal(whole.headers['oci-filters-applied'], undefined)
  }),
  enabling.must('list what was pushed before its subject', async (registry) => {
    const repository = registry.fresh()
    await registry.pushBlob(configOf(), repository)
    const body = manifestOf({ config: configOf(), layers: [] }, { annotations: { comes: 'late' } })
    const early = await refer(registry, describe(manifestType, body), repository)
    assert.equal((await registry.putManifest('late', body, { repository })).status, 201)
    const found = await referrers(registry, digestOf(body), repository)
    assert.deepEqual(
      found.map(({ digest }) => digest),
      [early.digest],
    )
  }),
  enabling.must(
    'list no more what was deleted',
    async (registry) => {
      const { repository, subject } = await subjectIn(registry)
      const { digest } = await refer(registry, subject, repository)
      assert.equal((await registry.request('DELETE', registry.path(`manifests/${digest}`, repository))).status, 202)
      assert.deepEqual(await referrers(registry, subject.digest, repository), [])
    },
    'delete',
  ),
  enabledAnew.must(
    'list what was pushed before, and listed under the fallback tag, once it is enabled',
    async (registry) => {
      const { repository, subject } = await subjectIn(registry)
      const annotations = { 'org.example.signed': 'before' }
      const listedBefore = [
        await refer(registry, subject, repository, { artifactType: 'application/vnd.example.a', annotations }),
        await refer(registry, subject, repository, { artifactType: 'application/vnd.example.b' }),
      ]
      // An index that lists something that has no such subject does not make it one that refers.
      const stray = (await registry.pushImage('stray', { repository })).body
      const tag = subject.digest.replace(':', '-')
      const fallback = indexOf([...listedBefore, describe(manifestType, stray)])
      assert.equal((await registry.putManifest(tag, fallback, { repository, type: indexType })).status, 201)
      await registry.restart()
      const found = await referrers(registry, subject.digest, repository)
      assert.deepEqual(found.map(({ digest }) => digest).sort(), listedBefore.map(({ digest }) => digest).sort())
      const first = found.find(({ digest }) => digest === listedBefore[0]?.digest)
      assert.deepEqual([first?.artifactType, first?.annotations], ['application/vnd.example.a', annotations])
      // What comes from now on is among them.
      const late = await refer(registry, subject, repository, { annotations: { comes: 'late' } })
      const more = await referrers(registry, subject.digest, repository)
      assert.deepEqual([more.length, more.some(({ digest }) => digest === late.digest)], [3, true])
      const kept = await registry.request('GET', registry.path(`manifests/${tag}`, repository))
      assert.equal(kept.body.toString(), fallback)
    },
  ),
]
