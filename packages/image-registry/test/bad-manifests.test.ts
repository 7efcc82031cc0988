// SPDX-License-Identifier: Apache-2.0
// Whatever a client sends as a manifest: it is refused in the registry's form, or given out as it came.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { digestOf, isIndexType, isManifestType, mediaTypes } from '@teu/oci-spec/image'
import fc from 'fast-check'
import { isWellFormed, Neighbour } from './neighbour.ts'
import { ask } from './raw-requests.ts'

let neighbour: Neighbour
before(async () => {
  neighbour = await Neighbour.create()
})
after(() => neighbour[Symbol.asyncDispose]())

/** Values that have no business where they are put. */
const junk = fc.oneof(
  fc.constantFrom(
    null,
    true,
    -1,
    0,
    1.5,
    2 ** 53,
    1e308,
    '',
    '\u0000',
    'x'.repeat(70_000),
    [],
    {},
    [[]],
    'sha256:../x',
  ),
  fc.constantFrom('http://169.254.169.254/', '__proto__', mediaTypes.ociIndex, digestOf('x')),
  fc.jsonValue({ maxDepth: 3 }),
)
/** Where in a manifest it is put. */
const place = fc.constantFrom(
  ...[
    'schemaVersion',
    'mediaType',
    'artifactType',
    'config',
    'layers',
    'subject',
    'annotations',
    'manifests',
    'fsLayers',
  ],
  ...[
    'config.mediaType',
    'config.digest',
    'config.size',
    'config.urls',
    'config.annotations',
    'config.data',
    'config.platform',
  ],
  ...[
    'layers.0',
    'layers.0.digest',
    'layers.0.size',
    'layers.0.mediaType',
    'layers.0.urls',
    'annotations.a',
    'subject.digest',
  ],
)

function put(target: Record<string, unknown>, where: string, value: unknown): void {
  const keys = where.split('.')
  const last = keys.pop() as string
  const inner = keys.reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], target)
  // A copy: what is drawn may be drawn again, and the next change may be put into it.
  if (typeof inner === 'object' && inner !== null) (inner as Record<string, unknown>)[last] = structuredClone(value)
}

const manifestType = fc.constantFrom(
  mediaTypes.ociManifest,
  mediaTypes.ociIndex,
  mediaTypes.dockerManifest,
  mediaTypes.dockerManifestList,
  'application/json',
  'text/plain',
  '',
)

/** What was taken is what is given out, under a type that clients know; what was not is not there. */
async function putsOrRefuses(text: string | Uint8Array, type: string): Promise<void> {
  const at = '/v2/good/manifests/mutated'
  const headers: Record<string, string> = type === '' ? {} : { 'content-type': type }
  const answer = await neighbour.survives({ method: 'PUT', path: at, headers, body: text })
  if (answer?.status === 201) {
    const pulled = await ask(neighbour.registry.address, { method: 'GET', path: at })
    assert.ok(pulled)
    assert.ok(pulled.body.equals(Buffer.from(text)))
    const given = String(pulled.headers['content-type'])
    assert.ok(isManifestType(given) || isIndexType(given), given)
    await ask(neighbour.registry.address, {
      method: 'GET',
      path: `/repositories/good:mutated`,
      headers: { accept: 'text/html' },
    }).then((page) => isWellFormed(page))
    assert.equal(
      (await ask(neighbour.registry.address, { method: 'DELETE', path: `/v2/good/manifests/${digestOf(text)}` }))
        ?.status,
      202,
    )
    return
  }
  const { errors } = JSON.parse(String(answer?.body)) as { errors: { code: string }[] }
  assert.ok(
    ['MANIFEST_INVALID', 'MANIFEST_BLOB_UNKNOWN', 'SIZE_INVALID', 'DIGEST_INVALID'].includes(errors[0]?.code ?? ''),
  )
  assert.ok([400, 404, 413].includes(answer?.status ?? 0), `${answer?.status}`)
  assert.equal((await ask(neighbour.registry.address, { method: 'GET', path: at }))?.status, 404)
}

test('a manifest with junk anywhere, as any type', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(place, junk), { minLength: 1, maxLength: 3 }),
      manifestType,
      async (changes, type) => {
        const manifest = JSON.parse(neighbour.image.body) as Record<string, unknown>
        for (const [where, value] of changes) put(manifest, where, value)
        const text = JSON.stringify(manifest)
        fc.pre(text !== neighbour.image.body)
        await putsOrRefuses(text, type)
      },
    ),
    { numRuns: 400 },
  ))

test('a manifest with keys twice, cut short, with bytes changed, or of no form at all', () =>
  fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.nat(200).map((length) => neighbour.image.body.slice(0, length)),
        fc.tuple(fc.nat(neighbour.image.body.length - 1), fc.nat(255)).map(([at, byte]) => {
          const bytes = Buffer.from(neighbour.image.body)
          bytes[at] = byte
          return bytes
        }),
        fc
          .constantFrom(
            '"layers":[]',
            '"config":{}',
            '"manifests":[]',
            '"mediaType":"x"',
            '"schemaVersion":1',
            '"__proto__":{}',
          )
          .map((field) => `{${field},${neighbour.image.body.slice(1)}`),
        fc
          .constantFrom('"layers":[]', '"config":null', '"mediaType":""')
          .map((field) => `${neighbour.image.body.slice(0, -1)},${field}}`),
        fc.constantFrom(
          `\ufeff${'{}'}`,
          `${'['.repeat(200_000)}`,
          `{"a":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}`,
          'NaN',
          '{}{}',
          `${'{'.repeat(10)}`,
        ),
        fc.uint8Array({ maxLength: 300 }),
      ),
      manifestType,
      async (bytes, type) => {
        fc.pre(Buffer.compare(Buffer.from(bytes), Buffer.from(neighbour.image.body)) !== 0)
        await putsOrRefuses(bytes, type)
      },
    ),
    { numRuns: 400 },
  ))

test('nesting to any depth, in a manifest that is right otherwise', async () => {
  for (const depth of [100, 5_000, 400_000]) {
    const text = `${neighbour.image.body.slice(0, -1)},"deep":${'['.repeat(depth)}${']'.repeat(depth)}}`
    await putsOrRefuses(text, mediaTypes.ociManifest)
  }
  const wide = `${neighbour.image.body.slice(0, -1)},"wide":[${Array.from({ length: 400_000 }, () => '{}').join()}]}`
  await putsOrRefuses(wide, mediaTypes.ociManifest)
})
