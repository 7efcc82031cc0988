// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import http from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { createEngineClient } from './engine-client.ts'

/** A server of one API version that answers nothing useful, and what it was asked. */
async function serverOf(t: TestContext, version: string) {
  const directory = mkdtempSync(join(tmpdir(), 'teu-client-'))
  const asked: string[] = []
  const server = http.createServer(({ method, url = '' }, response) => {
    if (!url.includes('_ping')) asked.push(`${method} ${decodeURIComponent(url)}`)
    response.setHeader('api-version', version).setHeader('content-type', 'application/json').end('[]')
  })
  server.listen(join(directory, 's'))
  await once(server, 'listening')
  const client = createEngineClient({ host: `unix://${join(directory, 's')}` })
  t.after(() => {
    client.close()
    server.close()
    rmSync(directory, { recursive: true })
  })
  return { client, asked }
}

const platform = { os: 'linux', architecture: 'arm64' }

test('an engine that does not know platforms is not asked', async (t) => {
  const { client, asked } = await serverOf(t, '1.45')
  const calls: [call: () => Promise<unknown>, version: string][] = [
    [() => client.imageRemove('a', { platforms: [platform] }), '1.50'],
    [() => client.imageSave(['a'], { platform }), '1.48'],
    [() => client.imageLoad((async function* () {})(), { platform }), '1.48'],
    [() => client.imagePush({ name: 'a', platform }), '1.46'],
    [() => client.imageInspect('a', { platform }), '1.49'],
    [() => client.imageHistory('a', { platform }), '1.48'],
  ]
  for (const [call, version] of calls) {
    const message = `"platform" requires API version ${version}, but the Docker daemon API version is 1.45`
    await assert.rejects(call(), { code: 'failed-precondition', message })
  }
  assert.deepEqual(asked, [])
  await client.imageRemove('a')
  assert.deepEqual(asked, ['DELETE /v1.45/images/a'])
})

test('platforms go out as JSON', async (t) => {
  const { client, asked } = await serverOf(t, '1.50')
  await client.imageRemove('a', { platforms: [platform, { ...platform, variant: 'v9' }] })
  await client.imageHistory('a', { platform })
  assert.deepEqual(asked, [
    'DELETE /v1.50/images/a?platforms={"architecture":"arm64","os":"linux"}' +
      '&platforms={"architecture":"arm64","os":"linux","variant":"v9"}',
    'GET /v1.50/images/a/history?platform={"architecture":"arm64","os":"linux"}',
  ])
})
