// SPDX-License-Identifier: Apache-2.0
// Whatever callers, bundles and files say: the shim answers with an error of the seam's own shape, stays the same process,
// and the container beside goes on.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { codeOf, messageOf } from '@teu/errors'
import type { TaskService } from '@teu/shim-api'
import fc from 'fast-check'
import type { Bundle } from './bundles.ts'
import { execProcess } from './container-config.ts'
import { ShimFixture } from './shim-fixture.ts'

const skip = process.getuid?.() === 0 ? false : 'needs root'
const seed = Number(process.env.TEU_SEED ?? 20261124)
const noStreams = { stdin: '', stdout: '', stderr: '', terminal: false }

/** A shim with a container that must not be hit by anything. */
class Neighbourhood implements AsyncDisposable {
  readonly fixture: ShimFixture
  readonly bundle: Bundle
  readonly task: TaskService
  readonly shimPid: number

  private constructor(fixture: ShimFixture, bundle: Bundle, task: TaskService, shimPid: number) {
    this.fixture = fixture
    this.bundle = bundle
    this.task = task
    this.shimPid = shimPid
  }

  static async create(): Promise<Neighbourhood> {
    const fixture = await ShimFixture.create()
    const { bundle, task } = await fixture.run({ args: ['sleep', '1000'] }, { ...noStreams })
    return new Neighbourhood(fixture, bundle, task, (await task.connect({ id: bundle.id })).shimPid)
  }

  get socket(): string {
    return readFileSync(join(this.bundle.path, 'address'), 'utf8').replace('unix://', '')
  }

  /** The container beside is as it was, and a new exec in it works. */
  async verify(): Promise<void> {
    const { id } = this.bundle
    const { shimPid } = await this.task.connect({ id }, { timeoutMs: 5000 })
    assert.equal(shimPid, this.shimPid, 'the shim is another process')
    const execId = `v${Math.random().toString(36).slice(2)}`
    await this.task.exec({ id, execId, ...noStreams, spec: execProcess(['true']) })
    await this.task.start({ id, execId }, { timeoutMs: 10_000 })
    assert.equal((await this.task.wait({ id, execId }, { timeoutMs: 10_000 })).exitStatus, 0)
    await this.task.delete({ id, execId })
  }

  /** The call is refused, soon, with a code of its own and no trace of a program's insides. */
  async refused(call: Promise<unknown>, what: string): Promise<string> {
    const error = await call.then(
      () => assert.fail(`not refused: ${what}`),
      (reason: unknown) => reason,
    )
    assert.ok(
      codeOf(error) !== 'internal' && codeOf(error) !== 'deadline-exceeded',
      `${what}: ${codeOf(error)} ${messageOf(error)}`,
    )
    assert.doesNotMatch(messageOf(error), /\n {4}at |TypeError|undefined is not|Cannot read prop/, what)
    return codeOf(error)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.fixture[Symbol.asyncDispose]()
  }
}

const create = (bundle: Bundle, change: Record<string, unknown> = {}) => ({
  id: bundle.id,
  bundle: bundle.path,
  rootfs: [],
  ...noStreams,
  options: bundle.options,
  checkpoint: '',
  parentCheckpoint: '',
  ...change,
})

test('an id that is none is never used as a path', { skip, timeout: 60_000 }, async () => {
  await using set = await Neighbourhood.create()
  const victim = join(set.fixture.folder, 'victim')
  writeFileSync(victim, 'kept')
  const other = await set.fixture.bundle({ args: ['true'] })
  const ids = [
    '../../victim',
    '..',
    '.',
    '',
    '/',
    `${victim}`,
    'a/../../victim',
    'a\0b',
    'a b',
    '-',
    'é',
    'x'.repeat(77),
    '\n',
    'a.',
  ]
  for (const id of ids) {
    const what = JSON.stringify(id)
    assert.equal(await set.refused(set.task.create(create(other, { id })), what), 'invalid-argument', what)
    assert.equal(readFileSync(victim, 'utf8'), 'kept', what)
    const exec = { id: set.bundle.id, execId: id, ...noStreams, spec: execProcess(['true']) }
    assert.equal(await set.refused(set.task.exec(exec), what), 'invalid-argument', what)
    for (const call of [
      set.task.state({ id, execId: '' }),
      set.task.delete({ id, execId: '' }),
      set.task.pids({ id }),
    ]) {
      assert.equal(await set.refused(call, what), 'not-found', what)
    }
  }
  // The same for the actions of the program.
  for (const id of ['../../victim', '..', '/etc']) {
    for (const action of ['start', 'delete']) {
      const argv = ['-namespace', 'test', '-address', join(set.fixture.folder, 'c.sock'), '-id', id, action]
      const options = { cwd: other.path, encoding: 'utf8', timeout: 20_000 } as const
      spawnSync(set.fixture.shimBinary, argv, options)
      assert.equal(readFileSync(victim, 'utf8'), 'kept', `${action} ${id}`)
    }
  }
  await set.verify()
})

test('requests of any content are refused, and leave room for the right one', { skip, timeout: 120_000 }, async () => {
  await using set = await Neighbourhood.create()
  const bundle = await set.fixture.bundle({ args: ['true'] })
  const uri = fc.oneof(
    fc.constantFrom(
      'http://x',
      'binary://',
      'file:relative',
      'fifo://',
      'x',
      '%',
      'file://%zz',
      '/a\0b',
      'npipe://x',
      'ttrpc+unix:///x',
    ),
    fc.string({ minLength: 1 }).filter((text) => !text.startsWith('/')),
  )
  const any = fc.record({
    typeUrl: fc.oneof(fc.string({ minLength: 1 }), fc.constant(bundle.options.typeUrl)),
    value: fc.uint8Array({ maxLength: 64 }),
  })
  const change = fc.oneof(
    fc.record({ stdout: uri }),
    fc.record({ stdin: uri }),
    fc.record({ stdout: fc.constant('/x'), stderr: uri }),
    fc.record({
      bundle: fc.constantFrom('', 'relative', '/no/such/bundle', '/etc/passwd', '/dev/null', `/${'x'.repeat(5000)}`),
    }),
    fc.record({ checkpoint: fc.string({ minLength: 1 }) }),
    fc.record({ options: any.filter(({ typeUrl }) => typeUrl !== bundle.options.typeUrl) }),
    fc.record({ rootfs: fc.constant([{ type: 'nonesuch', source: 'x', target: '', options: ['bad'] }]) }),
  )
  await fc.assert(
    fc.asyncProperty(change, async (each) => {
      await set.refused(set.task.create(create(bundle, each), { timeoutMs: 10_000 }), JSON.stringify(each))
    }),
    { numRuns: 60, seed, endOnFailure: true },
  )
  await set.verify()
  await set.task.create(create(bundle), { timeoutMs: 10_000 })
  await set.task.start({ id: bundle.id, execId: '' })
  assert.equal((await set.task.wait({ id: bundle.id, execId: '' }, { timeoutMs: 10_000 })).exitStatus, 0)
  await set.task.delete({ id: bundle.id, execId: '' })
})

test('a process and limits of any content are refused', { skip, timeout: 120_000 }, async () => {
  await using set = await Neighbourhood.create()
  const { id } = set.bundle
  let count = 0
  const typeUrl = execProcess(['true']).typeUrl
  const json = fc.oneof(
    fc.json(),
    fc.string(),
    fc.constantFrom('', '{', 'null', '[]', '{"args":[]}', '{"__proto__":{"args":["true"]}}'),
  )
  await fc.assert(
    fc.asyncProperty(json, async (text) => {
      const execId = `j${count++}`
      const spec = { typeUrl, value: Buffer.from(text) }
      const registered = await set.task.exec({ id, execId, ...noStreams, spec }).then(
        () => true,
        () => false,
      )
      if (registered) {
        await set.refused(set.task.start({ id, execId }, { timeoutMs: 10_000 }), text)
        await set.task.delete({ id, execId })
      }
      // Limits may be empty; what is no object is refused.
      const resources = { typeUrl, value: Buffer.from(text) }
      await set.task.update({ id, resources, annotations: {} }, { timeoutMs: 10_000 }).catch((error) => {
        assert.doesNotMatch(messageOf(error), /\n {4}at |TypeError/)
      })
    }),
    { numRuns: 60, seed, endOnFailure: true },
  )
  await set.verify()
})

/** Sends bytes on a connection of their own, and goes. */
async function send(path: string, chunks: readonly Uint8Array[]): Promise<void> {
  const socket = connect(path)
  socket.on('error', () => {})
  socket.resume()
  for (const chunk of chunks) {
    if (!socket.writable) break
    socket.write(chunk)
    await delay(1)
  }
  await delay(3)
  socket.destroy()
}

function frame(length: number, stream: number, type: number, flags: number, body: Uint8Array): Uint8Array {
  const header = Buffer.alloc(10)
  header.writeUInt32BE(length >>> 0, 0)
  header.writeUInt32BE(stream >>> 0, 4)
  header.writeUInt8(type, 8)
  header.writeUInt8(flags, 9)
  return Buffer.concat([header, body])
}

test('frames of any content are survived, on the shim’s socket and on a monitor’s', {
  skip,
  timeout: 120_000,
}, async () => {
  await using set = await Neighbourhood.create()
  const monitor = join(set.bundle.path, 'teu/init.sock')
  const body = fc.uint8Array({ maxLength: 200 })
  const any = fc
    .record({
      length: fc.oneof(fc.constantFrom(-1, 0, 1, 4_194_304, 4_194_305, 0xffffffff), fc.nat(300)),
      stream: fc.oneof(fc.constantFrom(0, 1, 2, 3, 0xffffffff), fc.nat(20)),
      type: fc.constantFrom(0, 1, 2, 3, 4, 255),
      flags: fc.constantFrom(0, 1, 2, 3, 4, 7, 255),
      body,
    })
    .map(({ length, stream, type, flags, body: bytes }) =>
      frame(length < 0 ? bytes.length : length, stream, type, flags, bytes),
    )
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(any, body), { minLength: 1, maxLength: 6 }), async (chunks) => {
      await send(set.socket, chunks)
      await send(monitor, chunks)
    }),
    { numRuns: 120, seed, endOnFailure: true },
  )
  await set.verify()
  // The monitor still takes orders.
  const { id } = set.bundle
  await set.task.kill({ id, execId: '', signal: 15, all: false })
  await set.task.kill({ id, execId: '', signal: 9, all: false })
  assert.equal((await set.task.wait({ id, execId: '' }, { timeoutMs: 10_000 })).exitStatus, 137)
})

test('a start with any standard input, and any config.json, ends soon and starts at most the shim', {
  skip,
  timeout: 120_000,
}, async () => {
  await using set = await Neighbourhood.create()
  const bundle = await set.fixture.bundle({ args: ['true'] })
  const argv = ['-namespace', 'test', '-address', join(set.fixture.folder, 'c.sock'), '-id', bundle.id, 'start']
  const inputs = [
    Buffer.alloc(0),
    Buffer.from('junk'),
    Buffer.alloc(100_000, 0xff),
    Buffer.from('0a05', 'hex'),
    Buffer.from('{"version":99}'),
  ]
  const configs = [
    '',
    '{',
    'null',
    '[]',
    '{"annotations":5}',
    '{"annotations":{"io.containerd.runc.v2.group":{}}}',
    '{"a":'.repeat(20_000),
  ]
  for (const [index, input] of [...inputs, ...configs.map(() => inputs[0] as Buffer)].entries()) {
    const config = configs[index - inputs.length]
    if (config !== undefined) writeFileSync(join(bundle.path, 'config.json'), config)
    const options = { cwd: bundle.path, input, timeout: 20_000, encoding: 'utf8' } as const
    const { status, stdout, stderr } = spawnSync(set.fixture.shimBinary, argv, options)
    assert.ok(status === 0 || status === 1, `${index}: ${status}`)
    if (status === 0) assert.match(stdout, /^unix:\/\/\S+$/)
    else assert.doesNotMatch(`${stdout}${stderr}`, /\n {4}at /)
  }
  await set.refused(set.task.create(create(bundle), { timeoutMs: 10_000 }), 'a config.json that is none')
  await set.verify()
})

test('records of any content do not keep a shim from its other containers', { skip, timeout: 120_000 }, async () => {
  await using set = await Neighbourhood.create()
  const bundle = await set.fixture.bundle({ args: ['sleep', '1000'] })
  await set.task.create(create(bundle))
  await set.task.start({ id: bundle.id, execId: '' })
  for (const file of ['container.json', 'init.json', 'init.exit', 'exec-x.json']) {
    for (const text of ['{', 'null']) {
      const path = join(bundle.path, 'teu', file)
      const before = spawnSync('cat', [path]).stdout
      set.fixture.killShims()
      writeFileSync(path, text)
      const task = await set.fixture.connect(set.bundle)
      const state = await task.state({ id: set.bundle.id, execId: '' }, { timeoutMs: 10_000 })
      assert.equal(state.status, 2, `${file} ${text}`)
      if (before.length > 0) writeFileSync(path, before)
      else spawnSync('rm', [path])
    }
  }
})
