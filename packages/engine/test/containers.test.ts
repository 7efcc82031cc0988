// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import test from 'node:test'
import { decodeFrames, type EventMessage } from '@teu/engine-api'
import { codeOf } from '@teu/errors'
import { TestEngine } from './doubles/test-engine.ts'

async function framesOf(stream: AsyncIterable<Uint8Array>): Promise<Record<string, string>> {
  const output: Record<string, string> = {}
  for await (const { stream: name, payload } of decodeFrames(stream)) {
    output[name] = (output[name] ?? '') + Buffer.from(payload).toString()
  }
  return output
}

test('create, attach, wait, start: nothing of the output or the end is missed', async (t) => {
  const engine = await TestEngine.start(t)
  const { client } = engine
  const id = await engine.create(['echo', 'hello'])
  const attached = await client.containerAttach(id, { stream: true, stdout: true, stderr: true })
  const { result } = await client.containerWait(id, { condition: 'next-exit' })
  await client.containerStart(id)
  assert.deepEqual(await framesOf(attached.stream), { stdout: 'hello\n' })
  assert.deepEqual(await result, { StatusCode: 0 })
  assert.deepEqual(await framesOf(await client.containerLogs(id, { stdout: true, stderr: true })), {
    stdout: 'hello\n',
  })
  const { State, Path, Args, Config } = await client.containerInspect(id)
  assert.deepEqual([State.Status, State.ExitCode, State.Running, Path, Args], ['exited', 0, false, 'echo', ['hello']])
  assert.equal(Config.Labels?.from, 'image')
  await client.containerRemove(id)
  await assert.rejects(client.containerInspect(id), (error) => codeOf(error) === 'not-found')
})

test('nothing is left of a container that was removed', async (t) => {
  const engine = await TestEngine.start(t)
  for (const cmd of [['echo', 'x'], ['exit', '3'], ['nosuch']]) {
    const id = await engine.create(cmd)
    const ended = await engine.client.containerWait(id, { condition: 'next-exit' })
    await engine.client.containerStart(id).catch(() => {})
    await ended.result
    await engine.client.containerRemove(id, { force: true })
  }
  assert.equal(engine.containerd.tasks.size + engine.containerd.containers.size, 0)
  assert.equal(engine.images.roots.size + engine.network.places.size, 0)
  for (const root of ['data/containers', 'exec/containers']) {
    assert.deepEqual(readdirSync(path.join(engine.directory, root)), [])
  }
  assert.deepEqual(engine.errors, [])
})

test("a command that does not exist is the user's mistake, and leaves a container that says so", async (t) => {
  const engine = await TestEngine.start(t)
  const id = await engine.create(['nosuch'])
  await assert.rejects(engine.client.containerStart(id), (error: Error) => {
    return (
      codeOf(error) === 'invalid-argument' &&
      error.message ===
        'Error response from daemon: failed to create task for container: failed to create shim task: OCI runtime ' +
          'create failed: exec: "nosuch": executable file not found in $PATH: unknown'
    )
  })
  const { State } = await engine.client.containerInspect(id)
  assert.deepEqual([State.Status, State.ExitCode], ['created', 127])
  assert.equal(engine.containerd.containers.size, 0)
  assert.equal(engine.network.places.size, 0)
})

test('input reaches the process, its end too, and output comes back after that', async (t) => {
  const engine = await TestEngine.start(t)
  const id = await engine.create(['cat'], { OpenStdin: true, StdinOnce: true })
  const attached = await engine.client.containerAttach(id, { stream: true, stdin: true, stdout: true, stderr: true })
  await engine.client.containerStart(id)
  const input = 'x'.repeat(300_000)
  attached.stream.write(input)
  attached.closeWrite()
  const { stdout } = await framesOf(attached.stream)
  assert.equal(stdout?.length, input.length)
})

test('stop, kill, pause and restart move a container as they say', async (t) => {
  const engine = await TestEngine.start(t)
  const { client } = engine
  const id = await engine.create(['sleep'])
  const status = async () => (await client.containerInspect(id)).State
  await client.containerStart(id)
  await client.containerPause(id)
  assert.deepEqual([(await status()).Status, (await status()).Paused], ['paused', true])
  await assert.rejects(client.execCreate(id, { Cmd: ['x'] }), /is paused, unpause the container before exec/)
  await client.containerUnpause(id)
  await client.containerKill(id, { killSignal: 'HUP' })
  assert.equal((await status()).Status, 'running')
  await client.containerStop(id, { timeout: 1 })
  assert.deepEqual([(await status()).Status, (await status()).ExitCode], ['exited', 143])
  await client.containerRestart(id)
  assert.equal((await status()).Status, 'running')
  await client.containerKill(id)
  assert.equal((await status()).ExitCode, 137)
})

test("events tell a container's life in order", async (t) => {
  const engine = await TestEngine.start(t)
  const { client } = engine
  const abort = new AbortController()
  const events = await client.events({ filters: { type: ['container'] }, signal: abort.signal })
  const seen: EventMessage[] = []
  const reading = (async () => {
    for await (const event of events) {
      seen.push(event)
      if (event.Action === 'destroy') return
    }
  })()
  const id = await engine.create(['sleep'], { Labels: { tier: 'x' } })
  await client.containerStart(id)
  await client.containerRename(id, 'renamed')
  await client.containerStop(id)
  await client.containerRemove(id)
  await reading
  assert.deepEqual(
    seen.map(({ Action }) => Action),
    ['create', 'start', 'rename', 'kill', 'die', 'stop', 'destroy'],
  )
  assert.ok(seen.every(({ Actor }) => Actor.Attributes.tier === 'x' && Actor.Attributes.image === 'busybox'))
  assert.equal(seen.find(({ Action }) => Action === 'die')?.Actor.Attributes.exitCode, '143')
  const past = await client.events({ since: '1', until: String(Math.floor(Date.now() / 1000) - 60) })
  assert.deepEqual(await Array.fromAsync(past), [])
})

test('an exec has streams, an exit code and an end of its own', async (t) => {
  const engine = await TestEngine.start(t)
  const { client } = engine
  const id = await engine.create(['sleep'])
  await client.containerStart(id)
  const { Id } = await client.execCreate(id, {
    Cmd: ['cat'],
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
  })
  const attached = await client.execAttach(Id)
  attached.stream.write('typed')
  attached.closeWrite()
  assert.deepEqual(await framesOf(attached.stream), { stdout: 'typed' })
  const inspect = await client.execInspect(Id)
  assert.deepEqual([inspect.Running, inspect.ExitCode, inspect.ContainerID], [false, 0, id])
  await assert.rejects(client.execStart(Id), (error) => codeOf(error) === 'conflict')
  const failing = await client.execCreate(id, { Cmd: ['nosuch'], AttachStdout: true })
  const stream = await client.execAttach(failing.Id)
  assert.match((await framesOf(stream.stream)).stdout ?? '', /executable file not found in \$PATH: unknown\r\n$/)
  assert.equal((await client.execInspect(failing.Id)).ExitCode, 127)
  const detached = await client.execCreate(id, { Cmd: ['exit', '5'] })
  await client.execStart(detached.Id)
  while ((await client.execInspect(detached.Id)).ExitCode === null) await new Promise((r) => setTimeout(r, 5))
  assert.equal((await client.execInspect(detached.Id)).ExitCode, 5)
})

test('logs follow a container until it ends', async (t) => {
  const engine = await TestEngine.start(t)
  const { client } = engine
  const id = await engine.create(['cat'], { OpenStdin: true })
  const input = await client.containerAttach(id, { stream: true, stdin: true })
  await client.containerStart(id)
  input.stream.write('one\n')
  const following = framesOf(await client.containerLogs(id, { stdout: true, follow: true }))
  input.stream.write('two\n')
  const logged = async () => (await framesOf(await client.containerLogs(id, { stdout: true }))).stdout ?? ''
  while (!(await logged()).includes('two\n')) await new Promise((resolve) => setTimeout(resolve, 5))
  await client.containerStop(id)
  assert.deepEqual(await following, { stdout: 'one\ntwo\n' })
})

test('with --rm a container goes when it ends, and when it cannot start', async (t) => {
  const engine = await TestEngine.start(t)
  for (const [cmd, code] of [
    [['exit', '4'], 4],
    [['nosuch'], 127],
  ] as const) {
    const id = await engine.create([...cmd], { HostConfig: { AutoRemove: true } })
    const { result } = await engine.client.containerWait(id, { condition: 'removed' })
    await engine.client.containerStart(id).catch(() => {})
    assert.deepEqual(await result, { StatusCode: code })
    await assert.rejects(engine.client.containerInspect(id), (error) => codeOf(error) === 'not-found')
  }
})

test('a container that fails is started again as often as its policy says', async (t) => {
  const engine = await TestEngine.start(t)
  const policy = { RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 2 } }
  const id = await engine.create(['exit', '9'], { HostConfig: policy })
  await engine.client.containerStart(id)
  for (;;) {
    const { State, RestartCount } = await engine.client.containerInspect(id)
    if (State.Status === 'exited') {
      assert.deepEqual([RestartCount, State.ExitCode], [2, 9])
      break
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
})

test('containers outlive the engine: they go on, and what ended meanwhile is known, once', async (t) => {
  const engine = await TestEngine.start(t)
  const running = await engine.create(['cat'], { OpenStdin: true })
  const ending = await engine.create(['sleep'])
  const removing = await engine.create(['sleep'], { HostConfig: { AutoRemove: true } })
  for (const id of [running, ending, removing]) await engine.client.containerStart(id)
  await engine.stop()
  engine.containerd.tasks.get(ending)?.init.exit(6)
  engine.containerd.tasks.get(removing)?.init.exit(0)
  await engine.restart()
  const { client } = engine
  assert.equal((await client.containerInspect(running)).State.Status, 'running')
  const attached = await client.containerAttach(running, { stream: true, stdin: true, stdout: true })
  attached.stream.write('still here\n')
  for await (const { payload } of decodeFrames(attached.stream)) {
    assert.equal(Buffer.from(payload).toString(), 'still here\n')
    break
  }
  const { State } = await client.containerInspect(ending)
  assert.deepEqual([State.Status, State.ExitCode], ['exited', 6])
  await assert.rejects(client.containerInspect(removing), (error) => codeOf(error) === 'not-found')
  await client.containerStop(running)
  assert.deepEqual(engine.errors, [])
})

test('a start that the engine did not survive is taken back', async (t) => {
  const engine = await TestEngine.start(t)
  const id = await engine.create(['sleep'])
  await engine.client.containerStart(id)
  const { init } = engine.containerd.tasks.get(id) ?? {}
  await engine.client.containerStop(id)
  await engine.stop()
  // As if the engine had died between making the task and writing that down.
  const again = await engine.containerd.services
  assert.ok(again && init)
  engine.containerd.containers.set(id, { id } as never)
  await engine.restart()
  await engine.client.containerStart(id)
  assert.equal((await engine.client.containerInspect(id)).State.Status, 'running')
})

test('ends that happened while the event stream was broken are found out', async (t) => {
  const engine = await TestEngine.start(t)
  const id = await engine.create(['sleep'])
  await engine.client.containerStart(id)
  engine.containerd.dropSubscribers()
  engine.containerd.tasks.get(id)?.init.exit(8)
  const { result } = await engine.client.containerWait(id)
  assert.deepEqual(await result, { StatusCode: 8 })
})

test('lists are filtered and ordered', async (t) => {
  const engine = await TestEngine.start(t)
  const { client } = engine
  const ids: string[] = []
  for (const name of ['one', 'two', 'three']) {
    const { Id } = await client.containerCreate({
      name,
      config: { Image: 'busybox', Cmd: ['sleep'], Labels: { n: name } },
      hostConfig: { NetworkMode: 'none' },
    })
    ids.push(Id)
  }
  await client.containerStart('two')
  const names = async (options: object) => (await client.containerList(options)).map(({ Names }) => Names[0])
  assert.deepEqual(await names({}), ['/two'])
  assert.deepEqual(await names({ all: true }), ['/three', '/two', '/one'])
  assert.deepEqual(await names({ limit: 1 }), ['/three'])
  assert.deepEqual(await names({ filters: { status: ['created'] } }), ['/three', '/one'])
  assert.deepEqual(await names({ all: true, filters: { name: ['^t'] } }), ['/three', '/two'])
  assert.deepEqual(await names({ all: true, filters: { label: ['n=one'] } }), ['/one'])
  assert.deepEqual(await names({ all: true, filters: { before: ['two'] } }), ['/one'])
  assert.deepEqual(await names({ all: true, filters: { since: [ids[1] as string] } }), ['/three'])
  assert.deepEqual(await names({ all: true, filters: { ancestor: ['busybox'], name: ['one'] } }), ['/one'])
  assert.deepEqual(await names({ all: true, filters: { ancestor: ['nosuch'] } }), [])
})

test('exactly one of many creates gets a name', async (t) => {
  const engine = await TestEngine.start(t)
  const body = { Image: 'busybox', HostConfig: { NetworkMode: 'none' } }
  const replies = await Promise.all(
    Array.from({ length: 20 }, () => engine.json('POST', '/containers/create?name=one', body)),
  )
  assert.deepEqual(replies.map(({ status }) => status).sort(), [201, ...Array(19).fill(409)])
  assert.equal(engine.images.roots.size, 1)
})

test('a progress stream fails with a status before its first line, and with a last line after it', async (t) => {
  const engine = await TestEngine.start(t)
  const pull = (image: string) => engine.request('POST', `/images/create?fromImage=${image}&tag=latest`)
  assert.equal((await pull('missing')).status, 404)
  const broken = await pull('broken')
  assert.equal(broken.status, 200)
  const lines = broken.body
    .trim()
    .split('\r\n')
    .map((line) => JSON.parse(line))
  assert.deepEqual(lines.at(-1), { errorDetail: { message: 'the layer is damaged' }, error: 'the layer is damaged' })
  const load = await engine.request('POST', '/images/load?quiet=1', 'x'.repeat(100_000), {
    'content-type': 'application/x-tar',
  })
  assert.match(load.body, /Loaded 100000 bytes/)
})

test('volumes are made, used, and removed with their container', async (t) => {
  const engine = await TestEngine.start(t)
  const { client } = engine
  await client.volumeCreate({ Name: 'data' })
  const id = await engine.create(['sleep'], { Volumes: { '/anon': {} }, HostConfig: { Binds: ['data:/data'] } })
  assert.deepEqual((await client.containerInspect(id)).Mounts.map(({ Destination }) => Destination).sort(), [
    '/anon',
    '/data',
  ])
  await assert.rejects(client.volumeRemove('data'), (error) => codeOf(error) === 'conflict')
  assert.equal((await client.volumeList()).Volumes?.length, 2)
  await client.containerRemove(id, { removeVolumes: true })
  assert.deepEqual(
    (await client.volumeList()).Volumes?.map(({ Name }) => Name),
    ['data'],
  )
  await client.volumeRemove('data')
  assert.equal(existsSync(path.join(engine.directory, 'data/volumes/data')), false)
})
