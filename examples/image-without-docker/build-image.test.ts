// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createRegistryClient, parseReference, type RegistryClient } from '@teu/image-registry/client'
import {
  appendLayer,
  emptyImage,
  imageFromRegistry,
  layerFromEntries,
  pushSource,
  validateImage,
  withRunConfig,
} from '@teu/image-registry/image'
import { createRegistry, type Registry } from '@teu/image-registry/server'
import { buildImage } from './build-image.ts'

const app = `${import.meta.dirname}/app`
let registry: Registry
let client: RegistryClient
const named = (name: string) => `${registry.address}/${name}`

before(async () => {
  registry = await createRegistry()
  client = createRegistryClient()
  const layer = await layerFromEntries([{ path: 'usr/bin/node', mode: 0o755, content: Buffer.from('a program') }])
  const base = withRunConfig(appendLayer(emptyImage(), layer), { Env: ['PATH=/usr/bin'] })
  await client.push(parseReference(named('node:24')), base.descriptor, pushSource(base))
})

after(async () => {
  await client.close()
  await registry.close()
})

test('the image has the app on top of its base, and says how to run it', async () => {
  const digest = await buildImage(app, named('node:24'), named('team/web:v1'))
  const image = await imageFromRegistry(client, parseReference(named('team/web:v1')))
  await validateImage(image)
  assert.equal(image.descriptor.digest, digest)
  assert.equal(image.layers.length, 2)
  const { Env, Entrypoint, WorkingDir, User } = image.config.config ?? {}
  assert.deepEqual(
    { Env, Entrypoint, WorkingDir, User },
    { Env: ['PATH=/usr/bin'], Entrypoint: ['node', 'server.js'], WorkingDir: '/srv/app', User: '1000:1000' },
  )
})

test('the same app makes the same image, wherever it goes', async () => {
  const digests = await Promise.all(
    ['team/web:again', 'other/web:v1'].map((name) => buildImage(app, named('node:24'), named(name))),
  )
  assert.equal(digests[0], digests[1])
})

test('a base that is not there is an error with its name', async () => {
  await assert.rejects(buildImage(app, named('node:23'), named('team/web:v1')), {
    code: 'not-found',
    message: /node\/manifests\/23/,
  })
})
