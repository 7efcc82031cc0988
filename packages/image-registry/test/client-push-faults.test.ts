// SPDX-License-Identifier: Apache-2.0
// What may go wrong once in a push goes wrong at each of its requests: the image arrives whole all the same.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import test from 'node:test'
import { codeOf } from '@teu/errors'
import { createRegistryClient, type Reference, type RegistryClient, registryAnswerOf } from '@teu/image-registry/client'
import { appendLayer, emptyImage, layerFromEntries, pushSource } from '@teu/image-registry/image'
import { createRegistry, type Fault, type FaultAction, type FaultTarget } from '@teu/image-registry/server'

// Bytes that do not get shorter, so that a request can break off in their middle.
const layer = await layerFromEntries([{ path: 'file', content: randomBytes(300_000) }], { compression: 'none' })
const image = appendLayer(emptyImage(), layer)

interface Push {
  error: unknown
  struck: number
  /** What the registry has under the tag. */
  tagged: boolean
}

/** Pushes through a registry with a fault, which is asked for the image afterwards. */
async function pushThrough(fault: Fault, retries = 5): Promise<Push> {
  let struck = 0
  const faults: Fault[] = [{ ...fault, onStrike: () => struck++ }]
  await using registry = await createRegistry({ faults })
  // Short only where it is waited for in vain: any other answer may take its time on a busy machine.
  const patience = fault.do === 'stall' ? { answerTimeoutMs: 1_000 } : {}
  await using hasty = createRegistryClient({ retries, retryDelayMs: 1, ...patience })
  await using client = createRegistryClient({ retryDelayMs: 1 })
  const reference: Reference = { registry: registry.address, repository: 'team/app', tag: 'v1' }
  const error = await hasty.push(reference, image.descriptor, pushSource(image)).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  faults.length = 0
  const tag = await fetch(`${registry.url}/v2/team/app/manifests/v1`)
  if (tag.ok) await pullsWhole(client, reference)
  // Whatever happened, it can be pushed again, and so can another.
  for (const repository of ['team/app', 'neighbour']) {
    await client.push({ ...reference, repository }, image.descriptor, pushSource(image))
    await pullsWhole(client, { ...reference, repository })
  }
  return { error, struck, tagged: tag.ok }
}

async function pullsWhole(client: RegistryClient, reference: Reference): Promise<void> {
  const lengths = new Map<string, number>()
  await client.pull(reference, {
    has: async () => false,
    async write({ digest }, open) {
      for await (const chunk of open()) lengths.set(digest, (lengths.get(digest) ?? 0) + chunk.byteLength)
    },
  })
  assert.equal(lengths.get(layer.descriptor.digest), layer.descriptor.size)
}

const requests: [what: string, on: FaultTarget][] = [
  ['the look for a blob', { kind: 'blob', method: 'HEAD' }],
  ['the beginning of an upload', { kind: 'upload', method: 'POST' }],
  ['the bytes of an upload', { kind: 'upload', method: 'PATCH' }],
  ['the end of an upload', { kind: 'upload', method: 'PUT' }],
  ['the manifest', { kind: 'manifest', method: 'PUT' }],
]
const actions: [what: string, action: FaultAction][] = [
  ['429 with a time to wait', { do: 'status', status: 429, retryAfter: 0 }],
  ['429', { do: 'status', status: 429 }],
  ['500', { do: 'status', status: 500 }],
  ['502', { do: 'status', status: 502 }],
  ['503', { do: 'status', status: 503 }],
  ['408', { do: 'status', status: 408 }],
  ['a connection that breaks before an answer', { do: 'drop', atByte: 0 }],
  ['an answer that never comes', { do: 'stall', atByte: 0 }],
  ['a request that breaks off', { do: 'drop-request', atByte: 100 }],
]
for (const [where, on] of requests) {
  for (const [what, action] of actions) {
    test(`a push goes on when ${where} meets ${what}`, async () => {
      const { error, struck, tagged } = await pushThrough({ ...action, on })
      assert.equal(error, undefined, String(error))
      assert.deepEqual([struck, tagged], [1, true])
    })
  }
}

const lasting: [what: string, action: FaultAction, code: RegExp][] = [
  ['429', { do: 'status', status: 429 }, /^resource-exhausted$/],
  ['500', { do: 'status', status: 500 }, /^unavailable$/],
  ['403', { do: 'status', status: 403 }, /^permission-denied$/],
  ['413', { do: 'status', status: 413 }, /^resource-exhausted$/],
  ['an hour to wait', { do: 'status', status: 503, retryAfter: 3600 }, /^unavailable$/],
  ['a connection that breaks before an answer', { do: 'drop', atByte: 0 }, /^unavailable$/],
]
/** What was done though nobody was told so may be found out by the next request, or stay; an upload that has no name cannot. */
const silence: typeof lasting = [
  ['an answer that never comes', { do: 'stall', atByte: 0 }, /^(deadline-exceeded|unavailable)$/],
]
for (const [where, on] of requests) {
  for (const [what, action, code] of on.method === 'POST' ? [...lasting, ...silence] : lasting) {
    test(`a push fails when ${where} meets nothing but ${what}, and leaves no tag`, async () => {
      const { error, struck, tagged } = await pushThrough({ ...action, on, times: Number.POSITIVE_INFINITY }, 1)
      assert.match(codeOf(error), code, String(error))
      assert.match(String(error), /team\/app/)
      assert.equal(tagged, false)
      // Two blobs are under way, each of which begins anew a few times at most.
      assert.ok(struck >= 1 && struck <= 24, `${struck} requests`)
      if (action.do === 'status') assert.equal(registryAnswerOf(error)?.status, action.status)
    })
  }
}
