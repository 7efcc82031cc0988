// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import type { ConformanceCase } from '../harness/suite.ts'
import { assertMessage, type EngineContext } from './context.ts'

export const transportCases: readonly ConformanceCase<EngineContext>[] = [
  {
    name: 'GET and HEAD of _ping answer with the headers that clients negotiate by',
    async run(engine) {
      for (const method of ['GET', 'HEAD']) {
        const reply = await engine.raw(method, '/_ping')
        assert.equal(reply.status, 200)
        assert.match(String(reply.headers['api-version']), /^1\.\d+$/)
        assert.equal(reply.headers.ostype, 'linux')
        assert.ok(reply.headers['docker-experimental'])
        assert.equal(reply.text, method === 'GET' ? 'OK' : '')
      }
    },
  },
  {
    name: 'version and info are objects with what clients read',
    async run(engine) {
      const version = await engine.expect(200, 'GET', '/version')
      for (const key of ['Version', 'ApiVersion', 'MinAPIVersion', 'Os', 'Arch', 'KernelVersion'])
        assert.ok(version[key], key)
      const info = await engine.expect(200, 'GET', '/info')
      for (const key of ['ID', 'Driver', 'OSType', 'Architecture', 'NCPU', 'MemTotal', 'DockerRootDir', 'Swarm'])
        assert.ok(info[key], key)
    },
  },
  {
    name: 'an unknown path and a wrong method are 404 page not found',
    async run(engine) {
      assertMessage(await engine.call('GET', '/no/such/path'), 404, 'page not found')
      assertMessage(await engine.call('PATCH', '/containers/json'), 404, 'page not found')
    },
  },
  {
    name: 'versions outside the window are refused with the text that clients show',
    async run(engine) {
      assertMessage(
        await engine.raw('GET', '/v9.99/version'),
        400,
        /^client version 9\.99 is too new\. Maximum supported API version is 1\.\d+$/,
      )
      const old = await engine.raw('GET', '/v1.1/version')
      assert.equal(old.status, 400)
      assert.match(
        old.text,
        /client version 1\.1 is too old\. Minimum supported API version is 1\.\d+, please upgrade your client to a newer version/,
      )
    },
  },
  {
    name: 'paths work with and without a version',
    async run(engine) {
      for (const path of ['/version', `/v${engine.apiVersion}/version`])
        assert.equal((await engine.raw('GET', path)).status, 200)
    },
  },
  {
    name: 'a body that is not JSON is 400, and the engine goes on',
    async run(engine) {
      const headers = { 'content-type': 'application/json' }
      const reply = await engine.raw('POST', `/v${engine.apiVersion}/containers/create`, '{"Image":', headers)
      assert.equal(reply.status, 400, reply.text)
      assert.ok(JSON.parse(reply.text).message)
      assert.equal((await engine.raw('GET', '/_ping')).status, 200)
    },
  },
  {
    name: 'a body of another type is 400',
    async run(engine) {
      const reply = await engine.raw('POST', `/v${engine.apiVersion}/containers/create`, '{}', {
        'content-type': 'text/plain',
      })
      assert.equal(reply.status, 400, reply.text)
      assert.match(JSON.parse(reply.text).message, /application\/json/)
    },
  },
  {
    name: 'an unknown filter is 400',
    async run(engine) {
      const filters = encodeURIComponent('{"no-such-filter":{"x":true}}')
      assert.equal((await engine.call('GET', `/containers/json?filters=${filters}`)).status, 400)
    },
  },
]
