// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, ftruncateSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs'
import { Socket } from 'node:net'
import test from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import {
  getResourceLimit,
  nativeFile,
  Pidfd,
  readProcessStat,
  reapChild,
  resourceLimits,
  sealedExecutable,
  setChildSubreaper,
  setResourceLimit,
  spawnProcess,
  unixSocketPair,
} from '@teu/linux'

test('an exit is waited for without being a parent', async () => {
  const child = spawn('sh', ['-c', 'sleep 0.1; exit 3'])
  using process = Pidfd.open(child.pid as number)
  const [[code]] = await Promise.all([once(child, 'exit'), process.waitExit({ timeoutMs: 10_000 })])
  assert.equal(code, 3)
  assert.equal(process.signal(0), false)
})

test('a wait ends with its signal and with its deadline, and leaves no descriptor', async () => {
  const child = spawn('sleep', ['100'])
  using process = Pidfd.open(child.pid as number)
  const before = readdirSync('/proc/self/fd').length
  const controller = new AbortController()
  const aborted = assert.rejects(process.waitExit({ signal: controller.signal }), { name: 'AbortError' })
  controller.abort()
  await aborted
  await assert.rejects(process.waitExit({ timeoutMs: 20 }), { code: 'ETIMEDOUT' })
  assert.equal(readdirSync('/proc/self/fd').length, before)
  process.signal(9)
  const [, signal] = await once(child, 'exit')
  assert.equal(signal, 'SIGKILL')
})

test('a thousand waits at once need no threads', async () => {
  const child = spawn('sleep', ['0.3'])
  const exit = once(child, 'exit')
  using process = Pidfd.open(child.pid as number)
  const threads = () => readdirSync('/proc/self/task').length
  const before = threads()
  const waits = Array.from({ length: 1000 }, () => process.waitExit({ timeoutMs: 20_000 }))
  // The pool would be full otherwise, and this read would hang behind the waits.
  await import('node:fs/promises').then(({ readFile }) => readFile('/proc/self/stat'))
  assert.ok(threads() <= before + 4)
  await Promise.all([...waits, exit])
})

test('a subreaper reaps a grandchild whose parent has ended', { timeout: 20_000 }, async () => {
  setChildSubreaper(true)
  try {
    const child = spawn('sh', ['-c', '(sleep 0.2; exit 5) & echo $!'], { stdio: ['ignore', 'pipe', 'ignore'] })
    const [text] = await once(child.stdout, 'data')
    const pid = Number(String(text))
    await once(child, 'exit')
    using process = Pidfd.open(pid)
    assert.deepEqual(await process.wait(), { exitCode: 5, coreDumped: false })
    assert.equal(readProcessStat(pid), undefined)
    assert.throws(() => reapChild(pid), { code: 'ECHILD' })
  } finally {
    setChildSubreaper(false)
  }
})

test('a number that has gone to another process is not opened', () => {
  const startTime = readProcessStat(process.pid)?.startTime as bigint
  Pidfd.open(process.pid, startTime).close()
  const before = readdirSync('/proc/self/fd').length
  assert.throws(() => Pidfd.open(process.pid, startTime + 1n), { code: 'ESRCH' })
  assert.equal(readdirSync('/proc/self/fd').length, before)
})

test('a pending wait that is not kept alive lets the program end', () => {
  const code = `const { Pidfd } = await import('@teu/linux')
    Pidfd.open(process.pid).waitExit({ keepAlive: false, timeoutMs: 100_000 })
    process.exitCode = 7`
  const argv = ['--conditions=teu-source', '--input-type=module', '-e', code]
  const { status } = spawnSync(process.execPath, argv, { cwd: import.meta.dirname, timeout: 20_000 })
  assert.equal(status, 7)
})

test('a process that never was, and a thread that is none', () => {
  const thread = readdirSync('/proc/self/task')
    .map(Number)
    .find((id) => id !== process.pid)
  for (const pid of [0x3fff_ffff, thread as number])
    assert.throws(() => Pidfd.open(pid), { code: 'ESRCH', syscall: 'pidfd_open' })
})

test('a worker with pending waits can be ended', async () => {
  const code = `import('@teu/linux').then(({ Pidfd }) => {
    Pidfd.open(${process.pid}).waitExit().catch(() => {})
    require('node:worker_threads').parentPort.postMessage('waiting')
  })`
  const worker = new Worker(code, { eval: true, execArgv: ['--conditions=teu-source'] })
  await once(worker, 'message')
  assert.equal(await worker.terminate(), 1)
})

test('limits are read and lowered', async () => {
  const child = spawn('sleep', ['100'])
  const pid = child.pid as number
  const before = getResourceLimit(pid, resourceLimits.RLIMIT_NOFILE)
  const former = setResourceLimit(pid, resourceLimits.RLIMIT_NOFILE, { soft: 64n, hard: 128n })
  assert.deepEqual(former, before)
  assert.match(readFileSync(`/proc/${pid}/limits`, 'utf8'), /Max open files\s+64\s+128/)
  child.kill('SIGKILL')
  await once(child, 'exit')
})

test('a sealed executable runs and cannot be written', async () => {
  const sealed = sealedExecutable('/bin/true')
  const [code] = await once(spawn(sealed.path), 'exit')
  assert.equal(code, 0)
  const writer = openSync(sealed.path, 'r+')
  assert.throws(() => writeSync(writer, 'x', 0), { code: 'EPERM' })
  assert.throws(() => ftruncateSync(writer, 0), { code: 'EPERM' })
  closeSync(writer)
  closeSync(sealed.fd)
})

test('native files are found, and the message for a missing one says what to do', () => {
  assert.match(nativeFile('teu_linux.node'), /linux-(x64|arm64)\/teu_linux\.node$/)
})

test('a spawned process has the descriptors it was given and no others, no environment, and is reaped', async () => {
  const [ours, theirs] = unixSocketPair()
  const output = new Socket({ fd: ours }).setEncoding('utf8')
  const script = 'for fd in 0 3 4; do readlink /proc/$$/fd/$fd || echo none; done; wc -c < /proc/$$/environ'
  const own = openSync('/dev/zero', 'r')
  const pid = spawnProcess({
    path: '/bin/sh',
    argv: ['name', '-c', script],
    // Each number is also that of a descriptor which is passed on, so that one could overwrite another.
    descriptors: [undefined, theirs, theirs, own],
  })
  closeSync(theirs)
  closeSync(own)
  const text = (await output.toArray()).join('')
  assert.equal(text, '/dev/null\n/dev/zero\nnone\n0\n')
  for (let tries = 0; readProcessStat(pid) !== undefined; tries++) {
    assert.ok(tries < 500, 'it is reaped')
    await delay(10)
  }
})

test('what cannot be spawned is the error of execve', () => {
  assert.throws(() => spawnProcess({ path: '/nowhere', argv: ['x'], descriptors: [] }), { code: 'ENOENT' })
  assert.throws(() => spawnProcess({ path: '/bin/sh', argv: ['x'], descriptors: [12345] }), { code: 'EBADF' })
})
