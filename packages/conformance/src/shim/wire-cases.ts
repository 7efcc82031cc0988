// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { ConnectRequest, Status, TaskDefinition } from '@teu/shim-api'
import type { ConformanceCase } from '../harness/suite.ts'
import type { ShimContext } from './context.ts'
import { frame, longestBody, RawConnection, requestBody } from './frames.ts'
import { refused } from './refused.ts'
import { withTask } from './task.ts'

const service = 'containerd.task.v2.Task'

export const wireCases: readonly ConformanceCase<ShimContext>[] = [
  {
    name: 'unknown methods and services are Unimplemented, and the connection stays',
    async run(context) {
      await withTask(context, 'exec sleep 1000', async (task) => {
        const method = TaskDefinition.methods.connect
        const request = { id: task.id }
        await refused(task.client.unary(service, { ...method, name: 'Paint' }, request), 'not-implemented')
        await refused(task.client.unary('example.None', method, request), 'not-implemented')
        assert.ok((await task.shimPid()) > 0)
      })
    },
  },
  {
    name: 'a frame that is too long is ResourceExhausted, and the connection stays',
    async run(context) {
      await withTask(context, 'exec sleep 1000', async (task) => {
        using connection = new RawConnection(task.socket)
        connection.write(frame(1, Buffer.alloc(longestBody + 1)))
        assert.deepEqual(await connection.next(), { streamId: 1, type: 2, code: 8 })
        const payload = ConnectRequest.encode({ id: task.id }).finish()
        connection.write(frame(3, requestBody(service, 'Connect', payload)))
        assert.deepEqual(await connection.next(), { streamId: 3, type: 2, code: 0 })
      })
    },
  },
  {
    name: 'a request that does not decode is an error of its own, and the connection stays',
    async run(context) {
      await withTask(context, 'exec sleep 1000', async (task) => {
        using connection = new RawConnection(task.socket)
        connection.write(frame(1, requestBody(service, 'Connect', Buffer.from([0x0a, 0x7f, 0x01]))))
        const { streamId, code } = await connection.next()
        assert.equal(streamId, 1)
        assert.notEqual(code, 0)
        const payload = ConnectRequest.encode({ id: task.id }).finish()
        connection.write(frame(3, requestBody(service, 'Connect', payload)))
        assert.deepEqual(await connection.next(), { streamId: 3, type: 2, code: 0 })
      })
    },
  },
  {
    name: 'calls on one connection are answered while others wait',
    async run(context) {
      await withTask(context, 'exec sleep 1000', async (task) => {
        await task.start()
        const waits = Array.from({ length: 20 }, () => task.wait())
        const states = await Promise.all(Array.from({ length: 20 }, () => task.status()))
        assert.ok(states.every((status) => status === Status.RUNNING))
        await task.kill(9)
        assert.ok((await Promise.all(waits)).every((status) => status === 137))
      })
    },
  },
  {
    name: 'a client that goes takes nothing with it',
    async run(context) {
      await withTask(context, 'exec sleep 1000', async (task) => {
        await task.start()
        {
          using connection = new RawConnection(task.socket)
          const payload = ConnectRequest.encode({ id: task.id }).finish()
          connection.write(frame(1, requestBody(service, 'Wait', payload)))
          connection.write(frame(3, requestBody(service, 'Connect', payload)))
          assert.equal((await connection.next()).streamId, 3)
        }
        assert.equal(await task.status(), Status.RUNNING)
      })
    },
  },
]
