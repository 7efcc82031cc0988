// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { createRegistry, type RegistryEvent, type WebhookInit } from '@teu/image-registry/server'
import { digestOf, mediaTypes } from '@teu/oci-spec/image'
import bcrypt from 'bcryptjs'
import { basic, putBlob, putImage } from './requests.ts'
import { scriptedRegistry } from './scripted-registry.ts'

/** A receiver that answers what it is told to, and keeps what it got. */
async function receiver(statusOf: (time: number) => number | 'never' = () => 200) {
  const bodies: string[] = []
  const types: (string | undefined)[] = []
  let time = 0
  const server = await scriptedRegistry((request, response) => {
    const status = statusOf(time++)
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      if (status === 'never') return
      if (status === 200) bodies.push(Buffer.concat(chunks).toString())
      types.push(request.headers['content-type'])
      response.writeHead(status, status === 302 ? { location: 'http://127.0.0.1:1/' } : {}).end()
    })
  })
  return {
    ...{ url: `http://${server.address}/events`, requests: server.requests, types },
    events: () => bodies.flatMap((body) => (JSON.parse(body) as { events: RegistryEvent[] }).events),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

async function until(what: () => boolean): Promise<void> {
  // Only against hanging: it is a matter of how many deliveries a loaded machine makes in that time.
  for (let time = 0; time < 3000 && !what(); time++) await delay(20)
  assert.ok(what())
}

test('pushes, pulls, mounts and deletions are told in the form of docker', async () => {
  await using target = await receiver()
  const webhooks = [{ url: target.url, headers: { authorization: 'Bearer secret' } }]
  const auth = { htpasswd: `alice:${bcrypt.hashSync('wonder', 4)}` }
  await using registry = await createRegistry({ webhooks, auth })
  const headers = { ...basic('alice', 'wonder'), 'user-agent': 'test/1' }
  const { digest, body } = await putImage(registry.url, 'team/app', 'v1', { headers })
  const ask = (path: string, method = 'GET') =>
    fetch(registry.url + path, { method, headers }).then((answer) => answer.arrayBuffer())
  await ask('/v2/team/app/manifests/v1', 'HEAD')
  await ask('/v2/team/app/manifests/v1')
  await ask('/v2/team/app/manifests/none')
  await ask(`/v2/team/app/blobs/${digestOf('{}')}`)
  await ask(`/v2/other/blobs/uploads/?mount=${digestOf('{}')}&from=team/app`, 'POST')
  await ask('/v2/team/app/manifests/v1', 'DELETE')
  await ask(`/v2/team/app/manifests/${digest}`, 'DELETE')
  await until(() => target.events().length === 7)
  const [pushedBlob, pushed, pulled, pulledBlob, mounted, untagged, deleted] = target.events() as [
    RegistryEvent,
    RegistryEvent,
    RegistryEvent,
    RegistryEvent,
    RegistryEvent,
    RegistryEvent,
    RegistryEvent,
  ]
  assert.deepEqual(
    target.types,
    target.types.map(() => 'application/vnd.docker.distribution.events.v1+json'),
  )
  assert.equal(target.requests[0]?.headers.authorization, 'Bearer secret')
  assert.deepEqual(
    target.events().map(({ action, target: { repository, tag } }) => [action, repository, tag]),
    [
      ['push', 'team/app', undefined],
      ['push', 'team/app', 'v1'],
      ['pull', 'team/app', 'v1'],
      ['pull', 'team/app', undefined],
      ['mount', 'other', undefined],
      ['delete', 'team/app', 'v1'],
      ['delete', 'team/app', undefined],
    ],
  )
  const size = Buffer.byteLength(body)
  const about = { mediaType: mediaTypes.ociManifest, digest, size, length: size, repository: 'team/app', tag: 'v1' }
  const url = `${registry.url}/v2/team/app/manifests/${digest}`
  assert.deepEqual(pushed.target, { ...about, url })
  assert.deepEqual(pulled.target, { ...about, url })
  assert.deepEqual(
    [pushedBlob.target.size, pulledBlob.target.size, mounted.target.size, mounted.target.fromRepository],
    [2, 2, 2, 'team/app'],
  )
  assert.deepEqual(
    [untagged.target, deleted.target],
    [
      { repository: 'team/app', tag: 'v1' },
      { repository: 'team/app', digest },
    ],
  )
  assert.deepEqual(pushed.actor, { name: 'alice' })
  assert.deepEqual(
    [pushed.request.method, pushed.request.useragent, pushed.request.host, pushed.request.addr],
    ['PUT', 'test/1', registry.address, '127.0.0.1'],
  )
  assert.ok(
    Date.parse(pushed.timestamp) > 0 && pushed.id !== pulled.id && pushed.source.addr.endsWith(registry.address),
  )
})

test('a receiver that fails is told again, in order; nobody who pushes waits for it', async () => {
  await using target = await receiver((time) => ([500, 302, 'never', 429] as const)[time] ?? 200)
  const webhook: WebhookInit = { url: target.url, retryDelayMs: 10, timeoutMs: 100, actions: ['push'] }
  const errors: unknown[] = []
  await using registry = await createRegistry({ webhooks: [webhook], onError: (error) => errors.push(error) })
  for (let at = 0; at < 60; at++) await putBlob(registry.url, 'a', String(at))
  await until(() => target.events().length === 60)
  assert.deepEqual(
    target.events().map((event) => event.target.digest),
    Array.from({ length: 60 }, (_, at) => digestOf(String(at))),
  )
  assert.match(String(errors[0]), /^StackError: webhook http:\/\/127.0.0.1:\d+: status 500$/)
})

test('what waits is bounded, what cannot be told is given up, and both are counted', async () => {
  await using target = await receiver((time) => (time < 2 ? 500 : 200))
  const webhook: WebhookInit = { url: target.url, retryDelayMs: 150, attempts: 2, queueSize: 3 }
  await using registry = await createRegistry({ webhooks: [webhook], metrics: true })
  for (let at = 0; at < 6; at++) await putBlob(registry.url, 'a', String(at))
  const metric = async (name: string) =>
    new RegExp(`^teu_registry_webhook_events_${name} (.*)$`, 'm').exec(
      await (await fetch(`${registry.url}/metrics`)).text(),
    )?.[1]
  await until(() => target.requests.length >= 2)
  await delay(50)
  await putBlob(registry.url, 'a', 'last')
  await until(() => target.events().some((event) => event.target.digest === digestOf('last')))
  await delay(20)
  const [dropped, failed, delivered, waiting] = [
    await metric('dropped_total'),
    await metric('failed_total'),
    await metric('delivered_total'),
    await metric('waiting'),
  ].map(Number)
  assert.equal(waiting, 0)
  assert.ok((dropped ?? 0) >= 3, String(dropped))
  assert.equal((dropped ?? 0) + (failed ?? 0) + (delivered ?? 0), 7)
})

test('the registry ends although a receiver never answers', async () => {
  await using target = await receiver(() => 'never')
  const registry = await createRegistry({ webhooks: [{ url: target.url }] })
  await putBlob(registry.url, 'a', 'x')
  const started = performance.now()
  await registry.close(100)
  assert.ok(performance.now() - started < 2_000)
  await assert.rejects(createRegistry({ webhooks: [{ url: 'ftp://x' }] }), { code: 'invalid-argument' })
})
