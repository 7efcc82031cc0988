// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  closeSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { createConnection, createServer, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import {
  acceptUnix,
  bindUnixDatagrams,
  bytesReadable,
  connectUnix,
  filesystemMagic,
  filesystemType,
  getWindowSize,
  listenUnix,
  lockFile,
  makeFifo,
  makePipe,
  openPty,
  peerCredentials,
  receiveFds,
  sendAllFds,
  sendFds,
  setWindowSize,
  spreadFolders,
  unixSocketPair,
  waitReadable,
} from '@teu/linux'

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'teu-fd-'))
  t.after(() => rmSync(path, { recursive: true }))
  return path
}

test('descriptors travel with bytes, and arrive close-on-exec', async () => {
  const [left, right] = unixSocketPair()
  const file = openSync('/dev/null', 'r')
  assert.equal(sendFds(left, Buffer.from('hello'), [file, file]), 5)
  const message = await receiveFds(right, { timeoutMs: 5000 })
  assert.equal(message.data.toString(), 'hello')
  assert.equal(message.fds.length, 2)
  for (const fd of message.fds) {
    assert.equal(fstatSync(fd).rdev, fstatSync(file).rdev)
    closeSync(fd)
  }
  closeSync(left)
  assert.equal((await receiveFds(right)).data.length, 0)
  for (const fd of [right, file]) closeSync(fd)
})

test('descriptors that nobody wants are closed', async () => {
  const [left, right] = unixSocketPair()
  const count = () => readdirSync('/proc/self/fd').length
  const before = count()
  sendFds(left, Buffer.of(1), [left, left, left])
  const message = await receiveFds(right, { maxFds: 1 })
  assert.equal(message.fds.length, 1)
  assert.equal(count(), before + 1)
  for (const fd of [left, right, ...message.fds]) closeSync(fd)
})

test('a wait for a message ends with its deadline; a full socket answers EAGAIN', async () => {
  const [left, right] = unixSocketPair('seqpacket')
  await assert.rejects(receiveFds(right, { timeoutMs: 20 }), { code: 'ETIMEDOUT' })
  const block = Buffer.alloc(60_000)
  assert.throws(
    () => {
      for (let i = 0; i < 1000; i++) sendFds(left, block, [])
    },
    { code: 'EAGAIN' },
  )
  await assert.rejects(sendAllFds(left, block, [], { timeoutMs: 20 }), { code: 'ETIMEDOUT' })
  const sending = sendAllFds(left, Buffer.of(7), [left])
  for (let last = 0; last !== 7; ) {
    const { data, fds } = await receiveFds(right, { maxBytes: 100_000, timeoutMs: 5000 })
    last = data.length === 1 ? (data[0] as number) : 0
    for (const fd of fds) closeSync(fd)
  }
  await sending
  assert.throws(() => sendFds(left, block, new Array(300).fill(0)), RangeError)
  for (const fd of [left, right]) closeSync(fd)
})

test('a socket file is private, also one whose path is longer than an address', async (t) => {
  const path = join(folder(t), 'd'.repeat(10), '..', 's'.repeat(90))
  const short = join(folder(t), 'sock')
  const long = `${path.replace(/\/d+\/\.\./, '')}`
  assert.ok(long.length > 107)
  for (const name of [short, long]) {
    const listener = listenUnix(name)
    assert.equal(statSync(name).mode & 0o777, 0o600)
    const client = connectUnix(name)
    const server = await acceptUnix(listener, { timeoutMs: 5000 })
    assert.deepEqual(peerCredentials(client), { pid: process.pid, uid: process.getuid?.(), gid: process.getgid?.() })
    for (const fd of [client, server, listener]) closeSync(fd)
    assert.throws(() => listenUnix(name), { code: 'EADDRINUSE' })
  }
})

test('datagrams go to a path, and connections to an abstract name', async (t) => {
  const path = join(folder(t), 'datagrams')
  const receiver = bindUnixDatagrams(path)
  const sender = connectUnix(path, 'datagram')
  for (const text of ['one', 'two']) await sendAllFds(sender, Buffer.from(text), [])
  assert.equal((await receiveFds(receiver)).data.toString(), 'one')
  assert.equal((await receiveFds(receiver)).data.toString(), 'two')
  for (const fd of [receiver, sender]) closeSync(fd)

  const name = `teu-linux-${process.pid}`
  const server = createServer().listen(`\0${name}`)
  await once(server, 'listening')
  const accepted = once(server, 'connection')
  const client = connectUnix(`@${name}`)
  const [connection] = await accepted
  closeSync(client)
  connection.destroy()
  server.close()
  assert.throws(() => connectUnix(`@${name}-nobody`), { code: 'ECONNREFUSED' })
  assert.throws(() => connectUnix(`@${''.padEnd(108, 'x')}`), { code: 'ENAMETOOLONG' })
})

test("the peer of one of Node's sockets", async (t) => {
  const path = join(folder(t), 'sock')
  const server = createServer((socket) => socket.end())
  server.listen(path)
  await once(server, 'listening')
  const socket = createConnection(path)
  await once(socket, 'connect')
  assert.equal(peerCredentials(socket).pid, process.pid)
  socket.destroy()
  assert.throws(() => peerCredentials(socket), /no descriptor/)
  server.close()
})

test('a terminal has the size it was given, and a child has it as its own', async () => {
  const pty = openPty({ size: { rows: 33, columns: 77 } })
  assert.deepEqual(getWindowSize(pty.slave), { rows: 33, columns: 77, xPixels: 0, yPixels: 0 })
  setWindowSize(pty.master, { rows: 44, columns: 88 })
  const child = spawn('stty', ['size'], { stdio: [pty.slave, pty.slave, 'ignore'] })
  await once(child, 'exit')
  const buffer = Buffer.alloc(100)
  const length = readSync(pty.master, buffer)
  assert.equal(buffer.toString('utf8', 0, length).trim(), '44 88')
  closeSync(pty.slave)
  closeSync(pty.master)
  assert.throws(() => getWindowSize(0x7fff), { code: 'EBADF' })
})

test('a FIFO is waited for and counted', async (t) => {
  const path = join(folder(t), 'fifo')
  makeFifo(path)
  const fd = openSync(path, 'r+')
  const wait = waitReadable(fd, { timeoutMs: 5000 })
  writeSync(fd, 'abc')
  await wait
  assert.equal(bytesReadable(fd), 3)
  closeSync(fd)
  assert.throws(() => makeFifo(path), { code: 'EEXIST' })
})

test('a pipe goes one way and ends with its writer', () => {
  const { readEnd, writeEnd } = makePipe()
  assert.equal(writeSync(writeEnd, 'through'), 7)
  closeSync(writeEnd)
  const bytes = Buffer.alloc(16)
  assert.equal(bytes.toString('utf8', 0, readSync(readEnd, bytes)), 'through')
  assert.equal(readSync(readEnd, bytes), 0)
  closeSync(readEnd)
})

test('a lock excludes others, in one process too, until it is released', async (t) => {
  const path = join(folder(t), 'lock')
  const first = await lockFile(path)
  await assert.rejects(lockFile(path, { timeoutMs: 30 }), { code: 'ETIMEDOUT', path })
  const second = lockFile(path)
  first.release()
  first.release()
  ;(await second).release()
  const shared = [await lockFile(path, { shared: true }), await lockFile(path, { shared: true })]
  for (const lock of shared) lock.release()
})

test("a received descriptor serves as one of Node's sockets", async () => {
  const [left, right] = unixSocketPair()
  const near = new Socket({ fd: left })
  const far = new Socket({ fd: right })
  near.end('through')
  const [data] = await once(far, 'data')
  assert.equal(String(data), 'through')
  far.destroy()
})

test('folders are spread where the file system knows how, and nothing happens elsewhere', (t) => {
  spreadFolders('/proc')
  const path = folder(t)
  spreadFolders(path)
  if (filesystemType(path) === filesystemMagic.ext)
    assert.match(execFileSync('lsattr', ['-d', path], { encoding: 'utf8' }), /^\S*T/)
  assert.throws(() => spreadFolders(join(path, 'missing')), { code: 'ENOENT' })
})
