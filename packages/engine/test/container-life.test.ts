// SPDX-License-Identifier: Apache-2.0
// Moves of containers that meet one another: restarts, removals, sizes, events.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import test from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { packAny, TaskOOM } from '@teu/containerd-api'
import type { EventMessage } from '@teu/engine-api'
import { codeOf } from '@teu/errors'
import { TestEngine } from './doubles/test-engine.ts'

const conflict = (error: unknown) => codeOf(error) === 'conflict'

test('a container that is removed at its end survives a restart, and goes at its end', async (t) => {
  const engine = await TestEngine.start(t)
  const { client } = engine
  const id = await engine.create(['sleep'], { HostConfig: { AutoRemove: true } })
  await client.containerStart(id)
  await Promise.all([client.containerRestart(id), client.containerRestart(id)])
  assert.equal((await client.containerInspect(id)).State.Status, 'running')
  assert.equal((await client.containerInspect(id)).HostConfig.AutoRemove, true)
  const { result } = await client.containerWait(id, { condition: 'removed' })
  await client.containerStop(id)
  await result
  assert.deepEqual(await client.containerList({ all: true }), [])
  assert.deepEqual(engine.errors, [])
})

test('a container that waits for its restart is removed by force alone', async (t) => {
  const engine = await TestEngine.start(t)
  const { client } = engine
  const id = await engine.create(['exit', '1'], { HostConfig: { RestartPolicy: { Name: 'always' } } })
  await client.containerStart(id)
  for (let tries = 0; (await client.containerInspect(id)).State.Status !== 'restarting'; tries++) {
    assert.ok(tries < 1000)
    await sleep(2)
  }
  await assert.rejects(client.containerRemove(id), (error: Error) => {
    return conflict(error) && /container is restarting: stop the container before removing or force/.test(error.message)
  })
  await client.containerRemove(id, { force: true })
  await sleep(300)
  assert.deepEqual(await client.containerList({ all: true }), [])
  assert.equal(engine.containerd.tasks.size, 0)
})

test('sizes are of the own layer, and of it with the image below', async (t) => {
  const engine = await TestEngine.start(t)
  const id = await engine.create(['sleep'])
  const inspected = await engine.client.containerInspect(id, { size: true })
  assert.deepEqual([inspected.SizeRw, inspected.SizeRootFs], [42, 1042])
  const [listed] = await engine.client.containerList({ all: true, size: true })
  assert.deepEqual([listed?.SizeRw, listed?.SizeRootFs], [42, 1042])
  assert.equal('SizeRw' in (await engine.client.containerInspect(id)), false)
})

test('a list with sizes leaves out what is removed meanwhile, and fails for what cannot be measured', async (t) => {
  const engine = await TestEngine.start(t)
  const [kept, removed] = [await engine.create(['sleep']), await engine.create(['sleep'])]
  const { rootfsSizes } = engine.images
  engine.images.rootfsSizes = async (id) => {
    if (id === removed) await engine.client.containerRemove(removed)
    return rootfsSizes(id)
  }
  const listed = await engine.client.containerList({ all: true, size: true })
  assert.deepEqual(
    listed.map(({ Id }) => Id),
    [kept],
  )
  engine.images.rootfsSizes = () => Promise.reject(new Error('the disk is broken'))
  await assert.rejects(engine.client.containerList({ all: true, size: true }), /the disk is broken/)
})

async function eventsUntil(engine: TestEngine, query: string): Promise<EventMessage[]> {
  const { status, body } = await engine.request('GET', `/events?${query}`)
  assert.equal(status, 200, body)
  const lines = body.split('\n').filter(Boolean)
  return lines.map((line) => JSON.parse(line) as EventMessage)
}

test('events: a limit alone replays what has been, a beginning alone follows, 0 is 1970', async (t) => {
  const engine = await TestEngine.start(t)
  const id = await engine.create(['sleep'])
  const actions = async (query: string) => (await eventsUntil(engine, query)).map(({ Action }) => Action)
  assert.deepEqual(await actions(`until=${Date.now() / 1000}`), ['create'])
  assert.deepEqual(await actions('until=0'), [])
  assert.deepEqual(await actions('since=0&until=1'), [])
  assert.deepEqual(await actions(`since=0&until=${Date.now() / 1000}`), ['create'])
  const soon = actions(`until=${(Date.now() + 500) / 1000}`)
  await sleep(50)
  await engine.client.containerStart(id)
  assert.deepEqual(await soon, ['create', 'start'])
  const abort = new AbortController()
  const seen: string[] = []
  for await (const { Action } of await engine.client.events({ since: '0', signal: abort.signal })) {
    seen.push(Action)
    if (Action === 'start') await engine.client.containerKill(id)
    if (Action === 'die') break
  }
  abort.abort()
  assert.deepEqual(seen, ['create', 'start', 'kill', 'die'])
  const { status, body } = await engine.request('GET', '/events?since=20&until=10')
  assert.equal(status, 400)
  assert.equal(JSON.parse(body).message, '`since` time (20) cannot be after `until` time (10)')
})

test('the event of a container without memory carries what all its events carry', async (t) => {
  const engine = await TestEngine.start(t)
  const id = await engine.create(['sleep'], { Labels: { tier: 'x' } })
  await engine.client.containerStart(id)
  engine.containerd.publish('/tasks/oom', packAny('containerd.events.TaskOOM', TaskOOM, { containerId: id }))
  const events = await engine.client.events({ since: '0', filters: { event: ['oom'], label: ['tier=x'] } })
  for await (const { Action, Actor, from } of events) {
    assert.deepEqual([Action, Actor.ID, Actor.Attributes.tier, from], ['oom', id, 'x', 'busybox'])
    break
  }
  assert.equal((await engine.client.containerInspect(id)).State.OOMKilled, true)
})

test('a start from a checkpoint is refused by name', async (t) => {
  const engine = await TestEngine.start(t)
  const id = await engine.create(['sleep'])
  for (const query of ['checkpoint=c1', 'checkpoint-dir=%2Ftmp', 'checkpoint=c1&checkpoint-dir=x']) {
    const { status, body } = await engine.request('POST', `/containers/${id}/start?${query}`)
    assert.equal(status, 400)
    assert.equal(JSON.parse(body).message, 'checkpoint is only supported in experimental mode')
  }
  assert.equal((await engine.client.containerInspect(id)).State.Status, 'created')
})

const skipTop = existsSync('/usr/bin/ps') || existsSync('/bin/ps') ? false : 'needs ps'

test('top takes the columns that are asked for, and no column that only looks like the PID', {
  skip: skipTop,
}, async (t) => {
  const engine = await TestEngine.start(t)
  const id = await engine.create(['sleep'])
  await engine.client.containerStart(id)
  // The double's pids are no processes: this one is.
  const task = engine.containerd.tasks.get(id)
  Object.assign(task?.init ?? {}, { pid: process.pid })
  const top = async (options: string) => {
    const { status, body } = await engine.request('GET', `/containers/${id}/top?ps_args=${encodeURIComponent(options)}`)
    const reply = JSON.parse(body)
    return status === 200 ? [reply.Titles, reply.Processes] : [status, reply.message]
  }
  assert.deepEqual(await top('-o pid'), [['PID'], [[String(process.pid)]]])
  assert.deepEqual(await top('-o pid=PID,uid'), [['PID', 'UID'], [[String(process.pid), String(process.getuid?.())]]])
  assert.deepEqual(await top('-eopid,ppid'), [['PID', 'PPID'], [[String(process.pid), String(process.ppid)]]])
  assert.deepEqual(await top('-o uid=PID'), [400, 'specifying "uid=PID" is not allowed'])
  assert.deepEqual(await top('-opid=X,uid= PID'), [400, 'specifying "uid=PID" is not allowed'])
  assert.deepEqual(await top('-o uid'), [400, "Couldn't find PID field in ps output"])
  assert.match(String(await top('-o nosuchcolumn')), /^500,ps: /)
})
