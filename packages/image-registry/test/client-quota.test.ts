// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { hasCode } from '@teu/errors'
import { createRegistryClient, parseReference, type RegistryQuota, registryAnswerOf } from '../src/client/index.ts'
import { createRegistry } from '../src/server/index.ts'
import { putImage } from './requests.ts'
import { inDirectory, run } from './run-command.ts'
import { refuse, scriptedRegistry } from './scripted-registry.ts'

test('what a rate limit leaves is told with every answer that says so', async () => {
  await using registry = await createRegistry({ limits: { pulls: { count: 2, seconds: 3600 } } })
  await putImage(registry.url, 'a', 'v1')
  const told: [string, RegistryQuota][] = []
  await using client = createRegistryClient({ retries: 0, onQuota: (...quota) => told.push(quota) })
  const reference = parseReference(`${registry.address}/a:v1`)
  await client.resolve(reference)
  await client.fetchManifest(reference)
  await client.fetchManifest(reference)
  await assert.rejects(client.fetchManifest(reference), (error: Error) => {
    assert.ok(hasCode(error, 'resource-exhausted'))
    assert.match(error.message, /\(HTTP 429; 0 of 2 in 1 hour are left for 127\.0\.0\.1\)$/)
    assert.equal(registryAnswerOf(error)?.quota?.remaining, 0)
    return true
  })
  const quota = (remaining: number) => ({ remaining, limit: 2, windowSeconds: 3600, source: '127.0.0.1' })
  assert.deepEqual(
    told,
    [2, 1, 0, 0].map((remaining) => [registry.address, quota(remaining)]),
  )
})

const headers: [what: string, headers: Record<string, string>, quota: Partial<RegistryQuota> | undefined][] = [
  ['only what is left', { 'ratelimit-remaining': '7' }, { remaining: 7, limit: undefined, windowSeconds: undefined }],
  ['a limit alone', { 'ratelimit-limit': '100;w=60' }, undefined],
  ['a number that is none', { 'ratelimit-remaining': '-1;w=60', 'ratelimit-limit': '100;w=60' }, undefined],
  ['a limit that is none', { 'ratelimit-remaining': '3;w=60', 'ratelimit-limit': 'x' }, { limit: undefined }],
]
for (const [what, sent, expected] of headers) {
  test(`headers of a rate limit: ${what}`, async () => {
    await using registry = await scriptedRegistry((_request, response) => refuse(response, 404, 'NAME_UNKNOWN', sent))
    const told: RegistryQuota[] = []
    await using client = createRegistryClient({ onQuota: (_registry, quota) => told.push(quota) })
    await assert.rejects(client.fetchManifest(parseReference(`${registry.address}/a:v1`)))
    if (expected === undefined) assert.deepEqual(told, [])
    else assert.partialDeepStrictEqual(told[0], expected)
  })
}

test('what is told of a place that a redirect leads to is not the registry’s', async () => {
  await using elsewhere = await scriptedRegistry((_request, response) =>
    response.writeHead(404, { 'ratelimit-remaining': '0;w=1' }).end(),
  )
  await using registry = await scriptedRegistry((request, response) =>
    response.writeHead(307, { location: `http://${elsewhere.address}${request.url}` }).end(),
  )
  const told: RegistryQuota[] = []
  await using client = createRegistryClient({ onQuota: (_registry, quota) => told.push(quota) })
  await assert.rejects(client.fetchManifest(parseReference(`${registry.address}/a:v1`)))
  assert.equal(elsewhere.requests.length, 1)
  assert.deepEqual(told, [])
})

test('teu-registry says once that a tenth of a rate limit is left', () =>
  inDirectory(async (directory) => {
    await using registry = await createRegistry({ limits: { pulls: { count: 20, seconds: 21_600 } } })
    await putImage(registry.url, 'a', 'v1')
    const pull = (layout: string) => run(['pull', '-q', `${registry.address}/a:v1`, `${directory}/${layout}`])
    for (let time = 0; time < 16; time++) await (await fetch(`${registry.url}/v2/a/manifests/v1`)).arrayBuffer()
    assert.equal((await pull('first')).stderr, '')
    const { status, stderr } = await pull('second')
    assert.equal(status, 0)
    const left = '2 of 20 in 6 hours are left for 127.0.0.1'
    assert.equal(stderr, `warning: ${registry.address}: rate limit: ${left}\n`)
  }))
