// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { closeSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  acceptUnix,
  bindUnixDatagrams,
  connectUnix,
  isErrno,
  listenUnix,
  Pidfd,
  receiveFds,
  sendAllFds,
} from '@teu/linux'
import { programArguments, teu } from './kit/program.ts'
import { rooted } from './kit/root.ts'
import { Workshop } from './kit/workshop.ts'

test('readiness goes to the manager, with the pid of the container, and start waits for it', rooted, async () => {
  await using workshop = new Workshop()
  using manager = new Manager(join(workshop.directory, 'manager'))
  const bundle = workshop.bundle(['sh', '-c', 'echo $NOTIFY_SOCKET; sleep 1000'])
  const { pid } = await workshop.runtime.create('c', {
    bundle,
    stdio: ['ignore', 'ignore', 'ignore'],
    notifySocket: manager.path,
  })
  let started = false
  const start = workshop.runtime.start('c', { notifySocket: manager.path }).then(() => {
    started = true
  })
  const socket = join(workshop.root, 'c/notify/notify.sock')
  while (!isSocket(socket)) await new Promise((resolve) => setTimeout(resolve, 5))
  assert.equal(statSync(socket).mode & 0o777, 0o777)
  await sayTo(socket, 'STATUS=warming up')
  await new Promise((resolve) => setTimeout(resolve, 100))
  assert.equal(started, false)
  await sayTo(socket, 'READY=1\nSTATUS=up')
  assert.deepEqual(await manager.messages(3), ['READY=1\n', `MAINPID=${pid}\n`, 'BARRIER=1'])
  await start
  const { output } = await workshop.exec('c', ['sh', '-c', 'echo $NOTIFY_SOCKET; ls /run/notify; touch /run/notify/x'])
  assert.match(output, /^\/run\/notify\/notify\.sock\nnotify\.sock\ntouch: .*Read-only file system\n$/)
})

test('a container that ends without a word is started all the same', rooted, async () => {
  await using workshop = new Workshop()
  using manager = new Manager(join(workshop.directory, 'manager'))
  const bundle = workshop.bundle(['sh', '-c', 'exit 3'])
  const options = { notifySocket: manager.path }
  const { exited } = await workshop.runtime.create('c', { bundle, stdio: ['ignore', 'ignore', 'ignore'], ...options })
  await workshop.runtime.start('c', options)
  assert.deepEqual(await exited, { exitCode: 3 })
})

test('waiting for readiness can be given up', rooted, async () => {
  await using workshop = new Workshop()
  using manager = new Manager(join(workshop.directory, 'manager'))
  const bundle = workshop.bundle(['sleep', '1000'])
  const options = { notifySocket: manager.path }
  await workshop.runtime.create('c', { bundle, stdio: ['ignore', 'ignore', 'ignore'], ...options })
  const signal = AbortSignal.timeout(200)
  await assert.rejects(workshop.runtime.start('c', { ...options, signal }), { name: 'TimeoutError' })
  assert.equal((await workshop.runtime.state('c')).status, 'running')
})

test('a container created without a manager has nothing to say it by', rooted, async () => {
  await using workshop = new Workshop()
  const bundle = workshop.bundle(['sh', '-c', 'test -z "$NOTIFY_SOCKET"'])
  const { exited } = await workshop.runtime.create('c', { bundle, stdio: ['ignore', 'ignore', 'ignore'] })
  await workshop.runtime.start('c', { notifySocket: '/nobody' })
  assert.deepEqual(await exited, { exitCode: 0 })
})

test('run takes the socket from its environment', rooted, async () => {
  await using workshop = new Workshop()
  for (const detach of [true, false]) {
    using manager = new Manager(join(workshop.directory, `manager-${detach}`))
    const bundle = workshop.bundle(['sleep', '1000'])
    const id = `c-${detach}`
    const args = [
      ...programArguments,
      '--root',
      workshop.root,
      'run',
      ...(detach ? ['--detach'] : []),
      '-b',
      bundle,
      id,
    ]
    const env = { ...process.env, NOTIFY_SOCKET: manager.path }
    const child = spawn(process.execPath, args, { env, stdio: 'ignore' })
    const socket = join(workshop.root, id, 'notify/notify.sock')
    while (!isSocket(socket)) await new Promise((resolve) => setTimeout(resolve, 5))
    await sayTo(socket, 'READY=1')
    const { pid } = await workshop.runtime.state(id)
    const own = detach ? [`MAINPID=${pid}\n`] : []
    assert.deepEqual(await manager.messages(2 + own.length), ['READY=1\n', ...own, 'BARRIER=1'])
    const exit = new Promise((resolve) => child.on('exit', resolve))
    if (!detach) await workshop.runtime.kill(id, 9)
    assert.equal(await exit, detach ? 0 : 137)
  }
})

test('a pidfd of init, or of an exec, goes to the socket', rooted, async () => {
  await using workshop = new Workshop()
  const path = join(workshop.directory, 'pidfd')
  const listener = listenUnix(path)
  try {
    const bundle = workshop.bundle(['sleep', '1000'])
    const created = teu(workshop, ['create', '--pidfd-socket', path, '--bundle', bundle, 'c'], { stdio: 'ignore' })
    assert.equal(created.status, 0)
    using init = await received(listener, 'standard')
    teu(workshop, ['start', 'c'])
    const exec = teu(workshop, ['exec', '-d', '--pidfd-socket', path, 'c', 'sleep', '1000'], { stdio: 'ignore' })
    assert.equal(exec.status, 0)
    using more = await received(listener, 'setns')
    assert.equal((await workshop.runtime.ps('c')).length, 2)
    assert.ok(more.signal(9))
    await more.waitExit({ timeoutMs: 10_000 })
    assert.equal((await workshop.runtime.state('c')).status, 'running')
    assert.ok(init.signal(9))
    await init.waitExit({ timeoutMs: 10_000 })
    while ((await workshop.runtime.state('c')).status !== 'stopped') await new Promise((done) => setTimeout(done, 5))
  } finally {
    closeSync(listener)
  }
  const refused = workshop.runtime.create('d', { bundle: workshop.bundle(['true']), pidfdSocket: '/nobody' })
  await assert.rejects(refused, /send the pidfd: .*ENOENT/)
})

async function received(listener: number, kind: string): Promise<Pidfd> {
  const connection = await acceptUnix(listener, { timeoutMs: 10_000 })
  try {
    const { data, fds } = await receiveFds(connection, { timeoutMs: 10_000 })
    assert.equal(data.toString(), kind)
    assert.equal(fds.length, 1)
    return Pidfd.fromFd(0, fds[0] as number)
  } finally {
    closeSync(connection)
  }
}

/** What a service manager does with the datagrams of its services. */
class Manager implements Disposable {
  readonly path: string
  readonly #fd: number

  constructor(path: string) {
    this.path = path
    this.#fd = bindUnixDatagrams(path)
  }

  async messages(count: number): Promise<string[]> {
    const texts: string[] = []
    while (texts.length < count) {
      const { data, fds } = await receiveFds(this.#fd, { timeoutMs: 20_000 })
      texts.push(data.toString())
      for (const fd of fds) closeSync(fd)
    }
    return texts
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd)
  }
}

async function sayTo(path: string, text: string): Promise<void> {
  const socket = connectUnix(path, 'datagram')
  await sendAllFds(socket, Buffer.from(text), [])
  closeSync(socket)
}

function isSocket(path: string): boolean {
  try {
    return statSync(path).isSocket() && (statSync(path).mode & 0o777) === 0o777
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false
    throw error
  }
}
