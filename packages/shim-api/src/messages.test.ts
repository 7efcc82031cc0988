// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTtrpcClient, createTtrpcServer, memoryPair } from '@teu/ttrpc'
import { isAnyOf, packAny, packJson, unpackAny, unpackJson } from './any.ts'
import { taskEvent, taskEvents } from './events/task-events.ts'
import { TaskExit } from './gen/containerd/events/task.ts'
import { CreateTaskRequest } from './gen/containerd/task/v2/task.ts'
import { metricsV1, runcOptions } from './options/named-types.ts'
import { addTaskService, type TaskService, taskClient } from './task/task-service.ts'
import { nanosFromTimestamp, timestampFromNanos } from './timestamp.ts'

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

test('the bytes of messages are those of the published field numbers', () => {
  const request = CreateTaskRequest.fromPartial({
    id: 'i',
    bundle: 'b',
    rootfs: [{ type: 't', source: 's', options: ['o'] }],
    terminal: true,
    stdin: '0',
    stdout: '1',
    stderr: '2',
    options: { typeUrl: 'u', value: Buffer.from([9]) },
  })
  assert.equal(
    hex(CreateTaskRequest.encode(request).finish()),
    '0a0169' +
      '120162' +
      '1a09' +
      '0a0174' +
      '120173' +
      '22016f' +
      '2001' +
      '2a0130' +
      '320131' +
      '3a0132' +
      '5206' +
      '0a0175' +
      '120109',
  )
  const exit = TaskExit.fromPartial({
    containerId: 'c',
    id: 'e',
    pid: 1,
    exitStatus: 2,
    exitedAt: { seconds: 3n, nanos: 4 },
  })
  assert.equal(hex(TaskExit.encode(exit).finish()), '0a0163' + '120165' + '1801' + '2002' + '2a04' + '0803' + '1004')
  const options = { ...runcOptions.decode(new Uint8Array()), ioUid: 5, binaryName: 'x', root: 'r', systemdCgroup: true }
  assert.equal(hex(runcOptions.encode(options).finish()), '2005' + '320178' + '3a0172' + '4801')
})

test('metrics of cgroup v1 have memory usage at field 33 of field 4', () => {
  const metrics = metricsV1.decode(Buffer.from('22058a02021007', 'hex'))
  assert.equal(metrics.memory?.usage?.usage, 7n)
})

test('an Any is known by its bare name, whatever host it has', () => {
  const any = packAny(taskEvents.start, { containerId: 'c', pid: 7 })
  assert.equal(any.typeUrl, 'containerd.events.TaskStart')
  const hosted = { ...any, typeUrl: `type.googleapis.com/${any.typeUrl}` }
  assert.deepEqual(unpackAny(taskEvents.start, hosted), { containerId: 'c', pid: 7 })
  assert.equal(isAnyOf(taskEvents.exit, any), false)
  assert.throws(() => unpackAny(taskEvents.exit, any), { code: 'invalid-argument' })
  assert.throws(() => unpackAny(taskEvents.start, { ...any, value: Buffer.from([0xff]) }), { code: 'invalid-argument' })
  assert.deepEqual(unpackJson(packJson('x', { a: [1] })), { a: [1] })
  const wide = packJson('x', { hard: 2n ** 64n - 1n })
  assert.equal(Buffer.from(wide.value).toString(), '{"hard":18446744073709551615}')
  assert.deepEqual(unpackJson(wide), { hard: 2n ** 64n - 1n })
  assert.throws(() => unpackJson({ typeUrl: 'x', value: Buffer.from('{') }), { code: 'invalid-argument' })
})

test('every event has the topic and the type that containerd knows', () => {
  const table = Object.values(taskEvents).map(({ topic, typeUrl }) => `${topic} ${typeUrl}`)
  assert.equal(table.length, 10)
  assert.ok(table.includes('/tasks/exec-started containerd.events.TaskExecStarted'))
  assert.equal(taskEvent(taskEvents.oom, { containerId: 'c' }).topic, '/tasks/oom')
})

test('times keep their nanoseconds, before 1970 too', () => {
  for (const nanos of [0n, 1n, 1_795_496_355_927_002_330n, -1n, -1_000_000_000n]) {
    const timestamp = timestampFromNanos(nanos)
    assert.ok(timestamp.nanos >= 0 && timestamp.nanos < 1e9)
    assert.equal(nanosFromTimestamp(timestamp), nanos)
  }
})

test('one implementation answers under the names of both versions', async () => {
  const service = { connect: async ({ id }: { id: string }) => ({ shimPid: 1, taskPid: 2, version: id }) }
  const complete = new Proxy(service, { get: (target, key) => Reflect.get(target, key) ?? (async () => ({})) })
  for (const version of [2, 3]) {
    const [near, far] = memoryPair()
    const server = createTtrpcServer()
    addTaskService(server, complete as unknown as TaskService)
    server.serve(far)
    using client = createTtrpcClient(near)
    assert.equal((await taskClient(client, version).connect({ id: 'x' })).version, 'x')
  }
})
