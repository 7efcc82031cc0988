// SPDX-License-Identifier: Apache-2.0
// Tasks through real shims: the original's, and ours where it is built. Every death is tried.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { accessSync, constants, existsSync, readdirSync, readFileSync, rmdirSync } from 'node:fs'
import { mkdir, open, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Container, type ContainerdServices, type Envelope, packJson, TaskExit } from '@teu/containerd-api'
import { makeFifo } from '@teu/linux'
import { RuncOptions } from '@teu/shim-api'
import { inTest, keep, layerOf, startDaemon, unpack } from './daemon.ts'

interface Shim {
  name: string
  binary: string | undefined
}

const shims: Shim[] = [
  { name: 'io.containerd.runc.v2', binary: findInPath('containerd-shim-runc-v2') },
  { name: 'io.containerd.teu.v1', binary: ownShim() },
]

function findInPath(name: string): string | undefined {
  return (process.env.PATH ?? '')
    .split(':')
    .map((folder) => join(folder, name))
    .find(isProgram)
}

function ownShim(): string | undefined {
  const root = dirname(createRequire(import.meta.url).resolve('@teu/shim/package.json'))
  const launcher = join(root, 'bin/containerd-shim-teu-v1')
  return isProgram(launcher) && existsSync(join(root, 'dist/bin/containerd-shim-teu-v1.cjs')) ? launcher : undefined
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function skipReason({ binary }: Shim): string | false {
  if (process.getuid?.() !== 0) return 'needs root'
  if (binary === undefined) return 'the shim is not installed'
  return isProgram('/bin/busybox') && isProgram('/usr/sbin/runc') ? false : 'needs busybox and runc'
}

/** A daemon with an image, and what it takes to run containers of it. */
async function fixture(t: TestContext, shim: Shim) {
  const cgroup = `/teu-test-${randomBytes(4).toString('hex')}`
  const daemon = await startDaemon(t, { shimPaths: { [shim.name]: shim.binary! } })
  const exits: Envelope[] = []
  const watch = (services: ContainerdServices) =>
    void (async () => {
      for await (const event of services.events.subscribe({ filters: ['topic~=^/tasks/'] }, {})) exits.push(event)
    })()
  watch(daemon.services)
  const links = ['sh', 'sleep', 'echo', 'cat'].map((name) => ({
    name: `bin/${name}`,
    type: 'hardlink' as const,
    linkName: 'bin/busybox',
  }))
  const folders = ['bin/', 'dev/', 'proc/', 'sys/', 'tmp/'].map((name) => ({ name }))
  const busybox = await readFile('/bin/busybox')
  const image = await unpack(
    daemon,
    'overlayfs',
    layerOf(...folders, { name: 'bin/busybox', data: busybox, mode: 0o755 }, ...links),
  )
  t.after(() => removeCgroup(cgroup))
  return { daemon, image, cgroup, exits, watch, runtime: shim.name, folder: daemon.folder }
}

type Fixture = Awaited<ReturnType<typeof fixture>>

function removeCgroup(path: string): void {
  for (const controller of readdirSync('/sys/fs/cgroup')) {
    const folder = join('/sys/fs/cgroup', controller, path)
    if (!existsSync(folder)) continue
    for (const name of readdirSync(folder, { withFileTypes: true }))
      if (name.isDirectory()) rmdirSync(join(folder, name.name))
    rmdirSync(folder)
  }
}

function specOf({ cgroup }: Fixture, id: string, args: string[], annotations: Record<string, string>) {
  const capabilities = ['CAP_KILL']
  return {
    ociVersion: '1.0.2',
    process: {
      args,
      cwd: '/',
      env: ['PATH=/bin'],
      user: { uid: 0, gid: 0 },
      capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
    },
    root: { path: 'rootfs' },
    annotations,
    mounts: [{ destination: '/proc', type: 'proc', source: 'proc' }],
    linux: {
      cgroupsPath: `${cgroup}/${id}`,
      namespaces: [{ type: 'pid' }, { type: 'mount' }, { type: 'ipc' }, { type: 'uts' }, { type: 'network' }],
    },
  }
}

/** Makes a container and its task, with its output in a FIFO that is read. */
async function create(
  at: Fixture,
  services: ContainerdServices,
  id: string,
  args: string[],
  annotations: Record<string, string> = {},
) {
  const { image, runtime, folder } = at
  const { mounts } = await services.snapshots.prepare(
    { snapshotter: 'overlayfs', key: id, parent: image, labels: keep },
    inTest,
  )
  const spec = packJson('types.containerd.io/opencontainers/runtime-spec/1/Spec', specOf(at, id, args, annotations))
  const root = join(folder, 'runtime')
  await mkdir(root, { recursive: true })
  const options = runtime.includes('runc')
    ? { typeUrl: 'containerd.runc.v1.Options', value: RuncOptions.encode(RuncOptions.fromPartial({ root })).finish() }
    : undefined
  const record = Container.fromPartial({
    id,
    snapshotter: 'overlayfs',
    snapshotKey: id,
    runtime: { name: runtime, ...(options && { options }) },
    spec,
  })
  await services.containers.create({ container: record }, inTest)
  const stdout = join(folder, `${id}-stdout`)
  makeFifo(stdout)
  const output = readAll(stdout)
  const io = { stdin: '', stdout, stderr: stdout, terminal: false }
  const request = { containerId: id, rootfs: mounts, ...io, checkpoint: undefined, options: undefined, runtimePath: '' }
  const { pid } = await services.tasks.create(request, inTest)
  return { id, pid, output }
}

async function readAll(fifo: string): Promise<string> {
  // Open for both first, so that the open does not wait in the thread pool; the shim opens it meanwhile.
  await using both = await open(fifo, constants.O_RDWR | constants.O_NONBLOCK)
  const reader = await open(fifo, constants.O_RDONLY | constants.O_NONBLOCK)
  const chunks: Buffer[] = []
  const buffer = Buffer.alloc(65536)
  let seen = false
  try {
    for (let idle = 0; idle < 200; idle++) {
      const { bytesRead } = await reader.read(buffer, 0, buffer.length).catch(() => ({ bytesRead: 0 }))
      if (bytesRead > 0) {
        chunks.push(Buffer.from(buffer.subarray(0, bytesRead)))
        seen = true
      } else if (seen) break
      else await sleep(25)
    }
  } finally {
    await reader.close()
  }
  void both
  return Buffer.concat(chunks).toString()
}

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000
  while (!(await holds())) {
    assert.ok(Date.now() < deadline, what)
    await sleep(25)
  }
}

const exitOf = ({ exits }: Fixture, id: string) =>
  exits
    .filter(({ topic }) => topic === '/tasks/exit')
    .map(({ event }) => TaskExit.decode(event!.value))
    .filter((exit) => exit.id === id)

/** The processes whose command line holds a text. */
function processesWith(text: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(text)
      } catch {
        return false
      }
    })
}

const shimPids = ({ folder }: Fixture) =>
  processesWith(folder).filter((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('containerd-shim'))

for (const shim of shims) {
  const options = { skip: skipReason(shim), timeout: 60_000 }

  test(`${shim.name}: a task lives, tells its end, and leaves nothing`, options, async (t) => {
    const at = await fixture(t, shim)
    const { services } = at.daemon
    const { tasks } = services
    const task = await create(at, services, 'one', ['sh', '-c', 'echo hello; exit 7'])
    assert.ok(task.pid > 0)
    assert.equal((await tasks.get({ containerId: 'one', execId: '' }, inTest)).process?.status, 1)
    await assert.rejects(
      tasks.create(
        {
          containerId: 'one',
          rootfs: [],
          stdin: '',
          stdout: '',
          stderr: '',
          terminal: false,
          checkpoint: undefined,
          options: undefined,
          runtimePath: '',
        },
        inTest,
      ),
      { code: 'already-exists' },
    )
    const waiting = tasks.wait({ containerId: 'one', execId: '' }, inTest)
    assert.equal((await tasks.start({ containerId: 'one', execId: '' }, inTest)).pid, task.pid)
    assert.equal((await waiting).exitStatus, 7)
    assert.equal(await task.output, 'hello\n')
    await until('the exit is published', () => exitOf(at, 'one').length === 1)
    const { process } = await tasks.get({ containerId: 'one', execId: '' }, inTest)
    assert.deepEqual([process?.status, process?.exitStatus], [3, 7])
    const end = await tasks.delete({ containerId: 'one' }, inTest)
    assert.deepEqual([end.pid, end.exitStatus], [task.pid, 7])
    await assert.rejects(tasks.get({ containerId: 'one', execId: '' }, inTest), {
      code: 'not-found',
      message: /task one not found/,
    })
    assert.deepEqual(readdirSync(join(at.folder, 'state/io.containerd.runtime.v2.task/test')), [])
    assert.equal(readFileSync('/proc/self/mountinfo', 'utf8').includes(join(at.folder, 'state')), false)
    await until('the topics are complete', () => at.exits.some(({ topic }) => topic === '/tasks/delete'))
    assert.deepEqual(
      at.exits.map(({ topic }) => topic),
      ['/tasks/create', '/tasks/start', '/tasks/exit', '/tasks/delete'],
    )
  })

  test(`${shim.name}: execs, signals, pause and metrics reach the container`, options, async (t) => {
    const at = await fixture(t, shim)
    const { services } = at.daemon
    const { tasks } = services
    await create(at, services, 'two', ['sleep', '1000'])
    await tasks.start({ containerId: 'two', execId: '' }, inTest)
    const process = { args: ['sh', '-c', 'exit 5'], cwd: '/', env: ['PATH=/bin'], user: { uid: 0, gid: 0 } }
    const exec = {
      containerId: 'two',
      execId: 'e',
      stdin: '',
      stdout: '',
      stderr: '',
      terminal: false,
      spec: packJson('types.containerd.io/opencontainers/runtime-spec/1/Process', process),
    }
    await tasks.exec(exec, inTest)
    await assert.rejects(tasks.exec(exec, inTest), { code: 'already-exists' })
    await tasks.start({ containerId: 'two', execId: 'e' }, inTest)
    assert.equal((await tasks.wait({ containerId: 'two', execId: 'e' }, inTest)).exitStatus, 5)
    assert.equal((await tasks.deleteProcess({ containerId: 'two', execId: 'e' }, inTest)).exitStatus, 5)
    // The original's shim has no class for it, but the same words.
    await assert.rejects(tasks.delete({ containerId: 'two' }, inTest), /running|stopped/)
    await tasks.pause({ containerId: 'two' }, inTest)
    assert.equal((await tasks.list({ filter: '' }, inTest)).tasks[0]?.status, 4)
    await tasks.resume({ containerId: 'two' }, inTest)
    assert.equal((await tasks.listPids({ containerId: 'two' }, inTest)).processes.length, 1)
    const { metrics } = await tasks.metrics({ filters: ['id==two'] }, inTest)
    // The original's shim finds no cgroup on hosts where version 1 is mounted oddly; then it has nothing to tell.
    if (shim.name.includes('teu') || metrics.length > 0)
      assert.match(metrics[0]?.data?.typeUrl ?? '', /^io\.containerd\.cgroups\.v[12]\.Metrics$/)
    assert.deepEqual((await tasks.metrics({ filters: ['id==other'] }, inTest)).metrics, [])
    await tasks.kill({ containerId: 'two', execId: '', signal: 9, all: false }, inTest)
    assert.equal((await tasks.wait({ containerId: 'two', execId: '' }, inTest)).exitStatus, 137)
    await tasks.delete({ containerId: 'two' }, inTest)
  })

  test(`${shim.name}: a daemon that starts again finds its tasks, and their ends`, options, async (t) => {
    const at = await fixture(t, shim)
    const running = await create(at, at.daemon.services, 'runs', ['sleep', '1000'])
    const ends = await create(at, at.daemon.services, 'ends', ['sh', '-c', 'sleep 0.2; exit 3'])
    for (const containerId of ['runs', 'ends'])
      await at.daemon.services.tasks.start({ containerId, execId: '' }, inTest)
    const restarted = at.daemon.restart()
    await sleep(500)
    const { services } = await restarted
    const { tasks } = await services.tasks.list({ filter: '' }, inTest)
    assert.deepEqual(tasks.map(({ id, pid }) => [id, pid]).sort(), [
      ['ends', ends.pid],
      ['runs', running.pid],
    ])
    assert.equal((await services.tasks.wait({ containerId: 'ends', execId: '' }, inTest)).exitStatus, 3)
    await services.tasks.delete({ containerId: 'ends' }, inTest)
    await services.tasks.kill({ containerId: 'runs', execId: '', signal: 9, all: false }, inTest)
    assert.equal((await services.tasks.wait({ containerId: 'runs', execId: '' }, inTest)).exitStatus, 137)
    await services.tasks.delete({ containerId: 'runs' }, inTest)
  })

  test(`${shim.name}: a shim that is killed takes no end with it`, options, async (t) => {
    const at = await fixture(t, shim)
    const { services } = at.daemon
    const task = await create(at, services, 'orphan', ['sleep', '1000'])
    await services.tasks.start({ containerId: 'orphan', execId: '' }, inTest)
    for (const pid of shimPids(at)) process.kill(pid, 'SIGKILL')
    if (shim.name.includes('teu')) {
      await until('the task is back', async () => {
        const answer = await services.tasks.get({ containerId: 'orphan', execId: '' }, inTest).catch(() => undefined)
        return answer?.process?.status === 2
      })
      assert.ok(existsSync(`/proc/${task.pid}`))
      await services.tasks.kill({ containerId: 'orphan', execId: '', signal: 9, all: false }, inTest)
      assert.equal((await services.tasks.wait({ containerId: 'orphan', execId: '' }, inTest)).exitStatus, 137)
      await services.tasks.delete({ containerId: 'orphan' }, inTest)
    } else
      await until(
        'the task is cleaned up',
        async () => (await services.tasks.list({ filter: '' }, inTest)).tasks.length === 0,
      )
    await until('its end is published', () => exitOf(at, 'orphan').length > 0)
    assert.equal(exitOf(at, 'orphan').length, 1)
    assert.equal(exitOf(at, 'orphan')[0]!.exitStatus, 137)
    await until('its process is gone', () => !existsSync(`/proc/${task.pid}`))
    assert.deepEqual(readdirSync(join(at.folder, 'state/io.containerd.runtime.v2.task/test')), [])
  })

  test(`${shim.name}: what cannot start says why, and leaves nothing`, options, async (t) => {
    const at = await fixture(t, shim)
    const { services } = at.daemon
    // Which call fails is the runtime's choice: the program is looked up before or at the start.
    const attempt = async () => {
      await create(at, services, 'bad', ['no-such-program'])
      await services.tasks.start({ containerId: 'bad', execId: '' }, inTest)
    }
    await assert.rejects(attempt(), /no-such-program/)
    await services.tasks.delete({ containerId: 'bad' }, inTest).catch((error) => assert.equal(error.code, 'not-found'))
    assert.deepEqual(readdirSync(join(at.folder, 'state/io.containerd.runtime.v2.task/test')), [])
    await services.containers.create(
      {
        container: Container.fromPartial({
          id: 'odd',
          runtime: { name: 'io.containerd.none.v9' },
          spec: { typeUrl: 'x', value: Buffer.from('{}') },
        }),
      },
      inTest,
    )
    const request = {
      containerId: 'odd',
      rootfs: [],
      stdin: '',
      stdout: '',
      stderr: '',
      terminal: false,
      checkpoint: undefined,
      options: undefined,
      runtimePath: '',
    }
    await assert.rejects(services.tasks.create(request, inTest), {
      code: 'not-found',
      message: /containerd-shim-none-v9/,
    })
    await assert.rejects(services.tasks.create({ ...request, containerId: 'missing' }, inTest), { code: 'not-found' })
    await assert.rejects(services.tasks.create({ ...request, runtimePath: 'relative/shim' }, inTest), {
      code: 'invalid-argument',
    })
  })
}

const own = shims.find(({ name }) => name.includes('teu')) as Shim

test('one shim of ours has the tasks of a namespace, and each pod its own; all come back', {
  skip: skipReason(own),
  timeout: 60_000,
}, async (t) => {
  const at = await fixture(t, own)
  const { services } = at.daemon
  const pod = { 'io.kubernetes.cri.sandbox-id': 'pod' }
  const names = ['plain', 'other', 'pod', 'member']
  const made = []
  for (const [index, id] of names.entries()) {
    made.push(await create(at, services, id, ['sleep', '1000'], index < 2 ? {} : pod))
    await services.tasks.start({ containerId: id, execId: '' }, inTest)
  }
  const addressOf = (id: string) => {
    const file = join(at.folder, 'state/io.containerd.runtime.v2.task/test', id, 'bootstrap.json')
    return (JSON.parse(readFileSync(file, 'utf8')) as { address: string }).address
  }
  const [plain, other, first, member] = names.map(addressOf)
  assert.deepEqual([plain === other, first === member, plain === first], [true, true, false])
  assert.equal(shimPids(at).length, 2)
  for (const pid of shimPids(at)) process.kill(pid, 'SIGKILL')
  for (const { id, pid } of made) {
    await until(`${id} is back`, async () => {
      const answer = await services.tasks.get({ containerId: id, execId: '' }, inTest).catch(() => undefined)
      return answer?.process?.status === 2 && answer.process.pid === pid
    })
  }
  assert.deepEqual(names.map(addressOf), [plain, other, first, member])
  for (const id of names) {
    await services.tasks.kill({ containerId: id, execId: '', signal: 9, all: false }, inTest)
    assert.equal((await services.tasks.wait({ containerId: id, execId: '' }, inTest)).exitStatus, 137)
    await services.tasks.delete({ containerId: id }, inTest)
    assert.equal(exitOf(at, id).length, 1)
  }
  // The shim of the pod goes with the pod; that of the namespace stays a while.
  await until('the pod has no shim', () => shimPids(at).length === 1)
})
