// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { existsSync, rmSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { connectShim, deleteWithShim, nanosFromTimestamp, type TaskService } from '@teu/shim-api'
import type { Bundle } from './bundles.ts'
import { execProcess } from './container-config.ts'
import { readAll } from './fifos.ts'
import { processesIn } from './processes.ts'
import { ShimFixture } from './shim-fixture.ts'
import { runtimesUnderTest } from './shims-under-test.ts'

const skip = process.getuid?.() === 0 ? false : 'needs root'

async function killShim(task: TaskService, id: string): Promise<void> {
  const { shimPid } = await task.connect({ id })
  process.kill(shimPid, 'SIGKILL')
  await delay(50)
}

async function run(fixture: ShimFixture, task: TaskService, bundle: Bundle): Promise<number> {
  const pid = await fixture.createTask(task, bundle)
  await task.start({ id: bundle.id, execId: '' })
  return pid
}

const exits = (fixture: ShimFixture, id: string) => fixture.topics(id).filter((topic) => topic.startsWith('exit'))

for (const { name, binaryName } of runtimesUnderTest) {
  test(`${name}: after kill -9 the next shim has the containers, their output and their exits, once each`, {
    skip,
  }, async () => {
    await using fixture = await ShimFixture.create()
    const early = await fixture.bundle({ args: ['sh', '-c', 'sleep 1; echo early; exit 5'], binaryName })
    const late = await fixture.bundle({ args: ['sh', '-c', 'cat; echo late; exit 6'], binaryName, stdin: true })
    const task = await fixture.connect(early)
    await run(fixture, task, early)
    const pid = await run(fixture, task, late)
    const exec = { id: late.id, execId: 'e', terminal: false, stdin: '', stdout: '', stderr: '' }
    await task.exec({ ...exec, spec: execProcess(['sleep', '1000']) })
    await task.start({ id: late.id, execId: 'e' })
    await killShim(task, late.id)
    await delay(1300)
    const again = await fixture.connect(late)
    assert.equal((await again.connect({ id: late.id })).taskPid, pid)
    assert.equal((await again.state({ id: late.id, execId: '' })).status, 2)
    assert.equal((await again.state({ id: late.id, execId: 'e' })).status, 2)
    const end = await again.wait({ id: early.id, execId: '' }, { timeoutMs: 10_000 })
    assert.equal(end.exitStatus, 5)
    const agoMs = Date.now() - Number(nanosFromTimestamp(end.exitedAt as never) / 1_000_000n)
    assert.ok(agoMs > 200, `exited ${agoMs} ms ago, before the second shim was started`)
    assert.equal((await readAll(early.stdout)).toString(), 'early\n')
    await again.closeIO({ id: late.id, execId: '', stdin: true })
    const rest = readAll(late.stdout)
    assert.equal((await again.wait({ id: late.id, execId: '' }, { timeoutMs: 10_000 })).exitStatus, 6)
    assert.equal((await rest).toString(), 'late\n')
    await fixture.until(() => exits(fixture, late.id).length === 2 && exits(fixture, early.id).length === 1)
    assert.deepEqual(exits(fixture, late.id), ['exit e', 'exit init'])
    await killShim(again, late.id)
    const third = await fixture.connect(late)
    assert.equal((await third.state({ id: early.id, execId: '' })).exitStatus, 5)
    await delay(300)
    assert.equal(exits(fixture, early.id).length, 1)
    assert.equal(exits(fixture, late.id).length, 2)
    await third.delete({ id: early.id, execId: '' })
    await third.delete({ id: late.id, execId: '' })
  })

  test(`${name}: delete removes a container whose shim was killed, and can be repeated`, { skip }, async () => {
    await using fixture = await ShimFixture.create()
    const bundle = await fixture.bundle({ args: ['sleep', '1000'], binaryName })
    const task = await fixture.connect(bundle)
    const pid = await run(fixture, task, bundle)
    await killShim(task, bundle.id)
    const call = {
      binary: fixture.shimBinary,
      namespace: 'test',
      id: bundle.id,
      bundle: bundle.path,
      address: join(fixture.folder, 'c.sock'),
      ttrpcAddress: fixture.ttrpcAddress,
    }
    const reply = await deleteWithShim(call)
    assert.deepEqual([reply.pid, reply.exitStatus], [pid, 137])
    assert.equal(existsSync(`/proc/${pid}`), false)
    assert.equal((await deleteWithShim(call)).exitStatus, 137)
    await fixture.until(() => processesIn(bundle.path).length === 0)
  })
}

test('one shim serves a namespace; a group has its own; sockets are private', { skip }, async () => {
  await using fixture = await ShimFixture.create()
  const one = await fixture.bundle({ args: ['true'] })
  const two = await fixture.bundle({ args: ['true'] })
  const pod = await fixture.bundle({ args: ['true'], annotations: { 'io.kubernetes.cri.sandbox-id': 'pod' } })
  const [first, second, third] = await Promise.all([fixture.start(one), fixture.start(two), fixture.start(pod)])
  assert.deepEqual(first, second)
  assert.equal(first.version, 3)
  assert.equal(first.serves, 'namespace')
  assert.notEqual(third.address, first.address)
  assert.equal(third.serves, undefined)
  assert.equal((await fixture.start(one, { maximumTaskVersion: undefined })).version, 2)
  assert.equal(await readFile(join(one.path, 'address'), 'utf8'), first.address)
  const path = first.address.slice('unix://'.length)
  assert.equal(statSync(path).mode & 0o777, 0o600)
  assert.equal(statSync(dirname(path)).mode & 0o777, 0o700)
  for (const { address } of [first, third]) {
    using shim = connectShim({ version: 2, address, protocol: 'ttrpc' })
    await shim.task.shutdown({ id: one.id, now: false })
  }
  await fixture.until(() => !existsSync(path) && !existsSync(third.address.slice('unix://'.length)))
})

test('a containerd that does not ask for more has a shim for each container and each pod', { skip }, async () => {
  await using fixture = await ShimFixture.create()
  const foreign = { serves: undefined }
  const init = { args: ['sleep', '1000'] }
  const inPod = { ...init, annotations: { 'io.containerd.runc.v2.group': 'pod' } }
  const alone = [await fixture.bundle(init), await fixture.bundle(init)] as const
  const pod = [await fixture.bundle(inPod), await fixture.bundle(inPod)] as const
  const bundles = [...alone, ...pod]
  const replies = await Promise.all(bundles.map((bundle) => fixture.start(bundle, foreign)))
  const addresses = replies.map(({ address }) => address)
  assert.equal(new Set(addresses).size, 3)
  assert.equal(addresses[2], addresses[3])
  assert.ok(replies.every(({ serves }) => serves === undefined))
  assert.equal((await fixture.start(alone[0], foreign)).address, addresses[0])
  const tasks = await Promise.all(bundles.map((bundle) => fixture.connect(bundle, foreign)))
  const pids = await Promise.all(bundles.map((bundle, at) => run(fixture, tasks[at] as TaskService, bundle)))

  // One shim is killed, and cleaned up after as containerd does: nobody else's connection or container ends.
  await killShim(tasks[0] as TaskService, alone[0].id)
  const call = { binary: fixture.shimBinary, namespace: 'test', address: join(fixture.folder, 'c.sock') }
  const reply = await deleteWithShim({ ...call, id: alone[0].id, bundle: alone[0].path })
  assert.deepEqual([reply.pid, reply.exitStatus], [pids[0], 137])
  assert.equal(existsSync(`/proc/${pids[0]}`), false)
  for (const [at, { id }] of bundles.entries()) {
    if (at === 0) continue
    assert.equal((await (tasks[at] as TaskService).state({ id, execId: '' })).pid, pids[at])
  }
  // A shim that has nobody left goes at once; that of the pod stays for its other container.
  for (const at of [1, 2, 3]) {
    const { id } = bundles[at] as Bundle
    const task = tasks[at] as TaskService
    await task.kill({ id, execId: '', signal: 9, all: true })
    await task.wait({ id, execId: '' }, { timeoutMs: 5000 })
    await task.delete({ id, execId: '' })
    const socket = (addresses[at] as string).slice('unix://'.length)
    await task.shutdown({ id, now: false })
    if (at === 2) assert.ok(existsSync(socket))
    else await fixture.until(() => !existsSync(socket), 2000)
  }
})

test('a create that fails leaves nothing behind and says what runc says', { skip }, async () => {
  await using fixture = await ShimFixture.create()
  for (const { binaryName } of runtimesUnderTest) {
    const bundle = await fixture.bundle({ args: ['no-such-program'], binaryName })
    const task = await fixture.connect(bundle)
    await assert.rejects(
      fixture.createTask(task, bundle).then(() => task.start({ id: bundle.id, execId: '' })),
      /^StackError: OCI runtime (create|start) failed: .*executable file not found in \$PATH/,
    )
    await task.delete({ id: bundle.id, execId: '' }).catch(() => {})
    await fixture.until(() => processesIn(bundle.path).length === 0)
    await assert.rejects(task.state({ id: bundle.id, execId: '' }), { code: 'not-found' })
  }
})

for (const killed of ['nobody', 'its monitor']) {
  test(`an exit whose acknowledgement was not noted is told again word for word; killed: ${killed}`, {
    skip,
  }, async () => {
    await using fixture = await ShimFixture.create()
    const bundle = await fixture.bundle({ args: ['sh', '-c', 'sleep 1; exit 5'] })
    const { id } = bundle
    const task = await fixture.connect(bundle)
    const pid = await run(fixture, task, bundle)
    if (killed !== 'nobody') {
      const status = await readFile(`/proc/${pid}/status`, 'utf8')
      process.kill(Number(/^PPid:\s*(\d+)/m.exec(status)?.[1]), 'SIGKILL')
    }
    const note = join(bundle.path, 'teu/init.told')
    await fixture.until(() => existsSync(note))
    await killShim(task, id)
    // As if it had been killed a moment earlier.
    rmSync(note)
    await fixture.connect(bundle)
    await fixture.until(() => exits(fixture, id).length === 2)
    const events = fixture.events.filter(({ topic }) => topic === '/tasks/exit').map(({ event }) => event?.value)
    assert.deepEqual(events[0], events[1])
  })
}
