// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import type { ConformanceCase } from '../harness/suite.ts'
import { demultiplex, type EngineContext, readUpgraded } from './context.ts'

const upgrade = { connection: 'Upgrade', upgrade: 'tcp' }
const speak = ['sh', '-c', 'echo out; echo err >&2']

export const streamCases: readonly ConformanceCase<EngineContext>[] = [
  {
    name: 'logs are multiplexed without a terminal, and need a stream to be chosen',
    async run(engine) {
      await engine.withContainer(speak, {}, async (id) => {
        await engine.expect(204, 'POST', `/containers/${id}/start`)
        await engine.expect(200, 'POST', `/containers/${id}/wait`)
        const both = await engine.call('GET', `/containers/${id}/logs?stdout=1&stderr=1`)
        assert.deepEqual(demultiplex(Buffer.from(both.text, 'latin1')), { stdout: 'out\n', stderr: 'err\n' })
        const one = await engine.call('GET', `/containers/${id}/logs?stderr=1`)
        assert.deepEqual(demultiplex(Buffer.from(one.text, 'latin1')), { stdout: '', stderr: 'err\n' })
        assert.equal((await engine.call('GET', `/containers/${id}/logs`)).status, 400)
        const stamped = await engine.call('GET', `/containers/${id}/logs?stdout=1&timestamps=1`)
        assert.match(
          demultiplex(Buffer.from(stamped.text, 'latin1')).stdout,
          /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z out\n$/,
        )
      })
    },
  },
  {
    name: 'attach before start: 101, then both streams, then the end',
    async run(engine) {
      await engine.withContainer(speak, { AttachStdout: true, AttachStderr: true }, async (id) => {
        const socket = engine.open('POST', `/containers/${id}/attach?stream=1&stdout=1&stderr=1`, upgrade)
        const reading = readUpgraded(socket)
        await new Promise((resolve) => setTimeout(resolve, 200))
        await engine.expect(204, 'POST', `/containers/${id}/start`)
        const { head, rest } = await reading
        assert.match(head, /^HTTP\/1\.1 101 UPGRADED\r\n/)
        assert.match(head, /content-type: application\/vnd\.docker\.raw-stream/i)
        assert.deepEqual(demultiplex(rest), { stdout: 'out\n', stderr: 'err\n' })
        socket.destroy()
      })
    },
  },
  {
    name: 'attach without an upgrade header is 200 and raw',
    async run(engine) {
      await engine.withContainer(speak, { AttachStdout: true }, async (id) => {
        const socket = engine.open('POST', `/containers/${id}/attach?stream=1&stdout=1`)
        const reading = readUpgraded(socket)
        await new Promise((resolve) => setTimeout(resolve, 200))
        await engine.expect(204, 'POST', `/containers/${id}/start`)
        const { head, rest } = await reading
        assert.match(head, /^HTTP\/1\.1 200 OK\r\n/)
        assert.equal(demultiplex(rest).stdout, 'out\n')
        socket.destroy()
      })
    },
  },
  {
    name: 'standard input is passed on, and its end is seen by the container',
    async run(engine) {
      const config = { OpenStdin: true, StdinOnce: true, AttachStdin: true, AttachStdout: true }
      await engine.withContainer(['wc', '-c'], config, async (id) => {
        const socket = engine.open('POST', `/containers/${id}/attach?stream=1&stdin=1&stdout=1`, upgrade)
        const reading = readUpgraded(socket)
        await new Promise((resolve) => setTimeout(resolve, 200))
        await engine.expect(204, 'POST', `/containers/${id}/start`)
        socket.end('x'.repeat(100_000))
        assert.equal(demultiplex((await reading).rest).stdout.trim(), '100000')
      })
    },
  },
  {
    name: 'exec start with an upgrade streams what the command prints',
    async run(engine) {
      await engine.withContainer(['sleep', '1000'], {}, async (id) => {
        await engine.expect(204, 'POST', `/containers/${id}/start`)
        const { Id } = await engine.expect(201, 'POST', `/containers/${id}/exec`, {
          Cmd: speak,
          AttachStdout: true,
          AttachStderr: true,
        })
        const headers = { ...upgrade, 'content-type': 'application/json' }
        const socket = engine.open('POST', `/exec/${Id}/start`, headers, '{"Detach":false,"Tty":false}')
        const { head, rest } = await readUpgraded(socket)
        socket.destroy()
        assert.match(head, /^HTTP\/1\.1 101 UPGRADED\r\n/)
        assert.deepEqual(demultiplex(rest), { stdout: 'out\n', stderr: 'err\n' })
      })
    },
  },
  {
    name: 'events of a life come in order',
    async run(engine) {
      const since = Math.floor(Date.now() / 1000)
      const id = await engine.create(['true'])
      await engine.expect(204, 'POST', `/containers/${id}/start`)
      await engine.expect(200, 'POST', `/containers/${id}/wait`)
      await engine.expect(204, 'DELETE', `/containers/${id}`)
      const filters = encodeURIComponent(JSON.stringify({ container: [id], type: ['container'] }))
      await new Promise((resolve) => setTimeout(resolve, 1100))
      const reply = await engine.call(
        'GET',
        `/events?since=${since}&until=${Math.floor(Date.now() / 1000)}&filters=${filters}`,
      )
      const actions = reply.text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).Action)
      assert.deepEqual(actions, ['create', 'start', 'die', 'destroy'])
    },
  },
]
