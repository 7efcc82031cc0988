// SPDX-License-Identifier: Apache-2.0
// Pulls of a whole image from a registry that misbehaves: what can pass does, what cannot ends soon and by name.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import test from 'node:test'
import { type CallOptions, createRegistryClient, type PullSink, registryAnswerOf } from '@teu/image-registry/client'
import { appendLayer, contentsOf, emptyImage, layerFromEntries } from '@teu/image-registry/image'
import type { Descriptor } from '@teu/oci-spec/image'
import fc from 'fast-check'
import { type Fault, type FaultPlan, faultyRegistry } from './faulty-registry.ts'

const layer = await layerFromEntries([{ path: 'a', content: randomBytes(200_000) }])
const small = await layerFromEntries([{ path: 'b', content: Buffer.from('b') }])
const image = appendLayer(appendLayer(emptyImage(), layer), small)
const whole = contentsOf(image).reduce((sum, { size }) => sum + size, 0)
const quick = { retryDelayMs: 1, stallTimeoutMs: 250, answerTimeoutMs: 1_000 }

/** Keeps what arrived, and nothing else. */
function memorySink(): PullSink & { stored: Map<string, Buffer> } {
  const stored = new Map<string, Buffer>()
  return {
    stored,
    has: async ({ digest }: Descriptor) => stored.has(digest),
    async write({ digest }: Descriptor, open, _options: CallOptions) {
      stored.set(digest, Buffer.concat(await Array.fromAsync(open())))
    },
  }
}

async function pullWith(plan: FaultPlan, init: { retries?: number } = {}) {
  await using registry = await faultyRegistry(image, plan)
  await using client = createRegistryClient({ ...quick, ...init })
  const sink = memorySink()
  const reference = { registry: registry.address, repository: 'team/app', tag: 'v1' }
  const outcome = await client.pull(reference, sink).then(
    () => undefined,
    (error: unknown) => error,
  )
  // Whatever happened, somebody else's image comes with the same client.
  const neighbour = { ...reference, repository: 'neighbour' }
  const undisturbed = await client.pull(neighbour, memorySink()).then(
    () => true,
    () => false,
  )
  return {
    error: outcome as (Error & { code?: string }) | undefined,
    sink,
    undisturbed,
    sent: registry.sent(),
    requests: registry.requests.length,
  }
}

/** A plan for one repository alone. */
const only =
  (plan: FaultPlan): FaultPlan =>
  (path, before, total) =>
    path.includes('/team/app/') ? plan(path, before, total) : undefined
const blob = layer.descriptor

const passing: [what: string, fault: Fault][] = [
  ['breaks at byte 0', { kind: 'drop', at: 0 }],
  ['breaks at byte 1', { kind: 'drop', at: 1 }],
  ['breaks in the middle', { kind: 'drop', at: 100_000 }],
  ['breaks one byte before the end', { kind: 'drop', at: -1 }],
  ['is reset', { kind: 'reset' }],
  ['stalls at the beginning', { kind: 'stall', at: 0 }],
  ['stalls in the middle', { kind: 'stall', at: 100_000 }],
  ['is slow', { kind: 'slow', size: 20_000 }],
  ['is one byte short', { kind: 'too-short' }],
  ['ends with its connection', { kind: 'http-1.0' }],
  ['is 429 with a time to wait', { kind: 'status', status: 429, retryAfter: '0' }],
  ['is 429', { kind: 'status', status: 429 }],
  ['is 500', { kind: 'status', status: 500 }],
  ['is 502', { kind: 'status', status: 502 }],
  ['is 503', { kind: 'status', status: 503 }],
  ['is 408', { kind: 'status', status: 408 }],
]

for (const [what, fault] of passing) {
  test(`a pull goes on when every first answer ${what}`, async () => {
    // What is not whole by its own word cannot be told from a wrong answer, unless its digest and range go on.
    const applies = (path: string) => fault.kind !== 'too-short' || path.includes('/blobs/')
    const { error, sink, sent } = await pullWith(
      only((path, before) => (before === 0 && applies(path) ? fault : undefined)),
    )
    assert.equal(error, undefined, String(error))
    for (const { digest, size } of contentsOf(image)) assert.equal(sink.stored.get(digest)?.length, size)
    // Twice the image came, once for the neighbour, and little more.
    if (!['too-short', 'stall'].includes(fault.kind)) assert.ok(sent <= whole * 2.2, `${sent} bytes of ${whole}`)
  })
}

test('a pull goes on when ranges are ignored after a break', async () => {
  const { error, sink } = await pullWith(
    only((path, before) => {
      if (!path.endsWith(blob.digest)) return undefined
      return before === 0 ? { kind: 'drop', at: 100_000 } : { kind: 'no-range' }
    }),
  )
  assert.equal(error, undefined, String(error))
  assert.equal(sink.stored.get(blob.digest)?.length, blob.size)
})

const failing: [what: string, fault: Fault, code: RegExp, message: RegExp][] = [
  ['has other bytes', { kind: 'wrong-bytes' }, /^data-loss$/, /content has digest sha256:/],
  ['is one byte too long', { kind: 'too-long' }, /^data-loss$/, /bytes/],
  ['is always one byte short', { kind: 'too-short' }, /^data-loss|unavailable$/, /./],
  ['is compressed in transit', { kind: 'encoded' }, /^data-loss$/, /gzip/],
  ['leads in a circle', { kind: 'loop' }, /^failed-precondition$/, /too many redirects/],
  ['is always 500', { kind: 'status', status: 500 }, /^unavailable$/, /HTTP 500/],
  ['is always 429', { kind: 'status', status: 429 }, /^resource-exhausted$/, /HTTP 429/],
  ['is 416', { kind: 'status', status: 416 }, /^out-of-range$/, /HTTP 416/],
  ['is 403', { kind: 'status', status: 403 }, /^permission-denied$/, /HTTP 403/],
  ['asks for an hour', { kind: 'status', status: 503, retryAfter: '3600' }, /^unavailable$/, /HTTP 503/],
  ['always breaks at once', { kind: 'drop', at: 0 }, /^unavailable|data-loss$/, /./],
  ['never comes to an end', { kind: 'stall', at: 0 }, /^deadline-exceeded|unavailable$/, /./],
]

for (const [what, fault, code, message] of failing) {
  test(`a pull fails when a layer ${what}, names it, and stores nothing of it`, async () => {
    const { error, sink, undisturbed, requests } = await pullWith(
      only((path) => (path.endsWith(blob.digest) ? fault : undefined)),
      { retries: 2 },
    )
    assert.match(error?.code ?? '', code, String(error))
    assert.match(error?.message ?? '', message)
    assert.ok(error?.message.includes('team/app') && error.message.includes(blob.digest), error?.message)
    assert.equal(sink.stored.has(blob.digest), false)
    assert.equal(sink.stored.has(image.descriptor.digest), false, 'the manifest would say that all is there')
    assert.ok(undisturbed)
    assert.ok(requests < 40)
    const answer = registryAnswerOf(error)
    if (fault.kind === 'status') {
      assert.deepEqual([answer?.status, answer?.repository, answer?.reference], [fault.status, 'team/app', blob.digest])
      assert.equal(answer?.host, /127\.0\.0\.1:\d+/.exec(error?.message ?? '')?.[0])
    }
  })
  test(`a pull fails when a manifest ${what}`, async () => {
    const { error, sink, undisturbed } = await pullWith(
      only((path) => (path.includes('/manifests/') ? fault : undefined)),
      { retries: 2 },
    )
    assert.ok(error !== undefined)
    assert.match(error.message, /team\/app/)
    assert.equal(sink.stored.size, 0)
    assert.ok(undisturbed)
  })
}

test('a token that ends in the middle of a pull is replaced', async () => {
  let valid = 'none'
  let issued = 0
  let uses = 0
  await using tokens = await (await import('./scripted-registry.ts')).scriptedRegistry((_request, response) => {
    valid = `token-${++issued}`
    uses = 0
    response.end(JSON.stringify({ token: valid, expires_in: 300 }))
  })
  await using registry = await (await import('./scripted-registry.ts')).scriptedRegistry(async (request, response) => {
    const { refuse } = await import('./scripted-registry.ts')
    if (request.headers.authorization !== `Bearer ${valid}` || ++uses > 2)
      return refuse(response, 401, 'UNAUTHORIZED', {
        'www-authenticate': `Bearer realm="http://${tokens.address}/token",service="s",scope="repository:a:pull"`,
      })
    const reference = request.url?.split('/').at(-1)
    const part = contentsOf(image).find(({ digest }) => digest === reference) ?? image.descriptor
    const { openContent } = await import('@teu/image-registry/image')
    response.writeHead(200, { 'content-type': part.mediaType, 'docker-content-digest': part.digest })
    if (request.method === 'HEAD') return response.end()
    for await (const chunk of openContent(image, part.digest)) response.write(chunk)
    return response.end()
  })
  await using client = createRegistryClient({ ...quick })
  const sink = memorySink()
  await client.pull({ registry: registry.address, repository: 'a', tag: 'v1' }, sink, { concurrency: 1 })
  assert.equal(sink.stored.size, contentsOf(image).length)
  assert.ok(issued >= 2)
})

const anyFault: fc.Arbitrary<Fault | undefined> = fc.option(
  fc.oneof(
    fc.integer({ min: -3, max: 210_000 }).map((at): Fault => ({ kind: 'drop', at })),
    fc.constant<Fault>({ kind: 'reset' }),
    fc.constantFrom(408, 429, 500, 502, 503, 504).map((status): Fault => ({ kind: 'status', status })),
    fc.constant<Fault>({ kind: 'no-range' }),
    fc.constant<Fault>({ kind: 'http-1.0' }),
  ),
  { nil: undefined },
)

test('whatever passes, in whatever order, the image arrives whole', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyFault, { maxLength: 4 }), async (faults) => {
      const { error, sink } = await pullWith(only((_, before) => faults[before]))
      assert.equal(error, undefined, String(error))
      for (const { digest, size } of contentsOf(image)) assert.equal(sink.stored.get(digest)?.length, size)
    }),
    { numRuns: 25 },
  )
})

test('twenty breaks at random bytes cost hardly more than none', async () => {
  const content = randomBytes(4_000_000)
  const big = await layerFromEntries([{ path: 'big', content }], { compression: 'none' })
  const one = appendLayer(emptyImage(), big)
  const cuts = Array.from({ length: 20 }, () => Math.floor(Math.random() * 200_000))
  await using registry = await faultyRegistry(one, (path, before) => {
    const at = path.endsWith(big.descriptor.digest) ? cuts[before] : undefined
    return at === undefined ? undefined : { kind: 'drop', at }
  })
  await using client = createRegistryClient({ ...quick })
  await client.pull({ registry: registry.address, repository: 'a', tag: 'v1' }, memorySink())
  assert.ok(registry.sent() <= big.descriptor.size * 1.1, `${registry.sent()} bytes for ${big.descriptor.size}`)
  assert.equal(registry.log().filter((line) => line.endsWith(big.descriptor.digest)).length, 21)
})
