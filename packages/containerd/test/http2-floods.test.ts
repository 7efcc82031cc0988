// SPDX-License-Identifier: Apache-2.0
// Clients that speak HTTP/2 well and mean ill: they are cut off, and others are served meanwhile.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { connectContainerd, writeBlob } from '@teu/containerd-api'
import { inTest, keep } from './daemon.ts'

const skip = process.getuid?.() === 0 ? false : 'needs root'
const types = { headers: 1, reset: 3, settings: 4, goAway: 7 } as const
const program = join(import.meta.dirname, '../src/bin/teu-containerd.ts')

/** A daemon in a process of its own, whose memory can be told from the test's. */
async function startProcess(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'teu-floods-'))
  const address = join(folder, 'c.sock')
  const argv = ['--conditions=teu-source', program, '--root', join(folder, 'root'), '--state', join(folder, 'state')]
  const child = spawn(process.execPath, [...argv, '--address', address], { stdio: 'ignore' })
  const ended = once(child, 'exit')
  t.after(async () => {
    child.kill('SIGKILL')
    await ended
    rmSync(folder, { recursive: true, force: true })
  })
  const services = connectContainerd({ address })
  t.after(() => services[Symbol.asyncDispose]())
  const deadline = Date.now() + 30_000
  while (!(await services.version.version({}).catch(() => undefined))) {
    assert.ok(Date.now() < deadline && child.exitCode === null, 'the daemon answers')
    await sleep(100)
  }
  const megabytes = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) / 1024
  return { address, services, megabytes }
}

function frame(type: number, flags: number, stream: number, body: Uint8Array = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(9)
  header.writeUIntBE(body.length, 0, 3)
  header[3] = type
  header[4] = flags
  header.writeUInt32BE(stream, 5)
  return Buffer.concat([header, body])
}

/** The fields of a call, as HPACK writes what it does not index. */
function callFields(): Buffer {
  const fields = {
    ':method': 'POST',
    ':scheme': 'http',
    ':path': '/containerd.services.version.v1.Version/Version',
    ':authority': 'localhost',
    te: 'trailers',
    'content-type': 'application/grpc',
  }
  return Buffer.concat(
    Object.entries(fields).flatMap(([name, value]) => [
      Buffer.from([0, name.length]),
      Buffer.from(name),
      Buffer.from([value.length]),
      Buffer.from(value),
    ]),
  )
}

/** The types of the frames that arrive on a connection, as they do. */
function listen(socket: Socket): number[] {
  const heard: number[] = []
  let rest = Buffer.alloc(0)
  socket.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk])
    while (rest.length >= 9 && rest.length >= 9 + rest.readUIntBE(0, 3)) {
      heard.push(rest[3] as number)
      rest = rest.subarray(9 + rest.readUIntBE(0, 3))
    }
  })
  return heard
}

/** Opens streams at full speed, and resets each at once unless `hold`, until there were `count` or the server has enough. */
async function flood(address: string, count: number, hold: boolean): Promise<{ heard: number[]; sent: number }> {
  const socket = connect(address)
  socket.on('error', () => {})
  const closed = new Promise<true>((resolve) => void socket.once('close', () => resolve(true)))
  const heard = listen(socket)
  socket.write(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(types.settings, 0, 0)]))
  const fields = callFields()
  let sent = 0
  while (sent < count && !socket.destroyed) {
    const frames: Buffer[] = []
    for (let i = 0; i < 400; i++, sent++) {
      frames.push(frame(types.headers, 4, sent * 2 + 1, fields))
      if (!hold) frames.push(frame(types.reset, 0, sent * 2 + 1, Buffer.from([0, 0, 0, 8])))
    }
    const room = socket.write(Buffer.concat(frames)) ? sleep(5) : once(socket, 'drain').catch(() => {})
    await Promise.race([room, closed])
  }
  await Promise.race([closed, sleep(20_000, undefined, { ref: false })])
  const ended = socket.destroyed
  socket.destroy()
  assert.ok(ended, `the connection was closed after ${sent} streams`)
  return { heard, sent }
}

for (const [what, hold] of [
  ['resets them', false],
  ['leaves them open', true],
] as const) {
  test(`a client that opens streams and ${what} is cut off, the memory is given back, others are served`, {
    skip,
    timeout: 120_000,
  }, async (t) => {
    const { address, services, megabytes } = await startProcess(t)
    // The daemon keeps memory that its first calls need. The test makes them before it measures, so as not to take this
    // memory for a leftover of the flood.
    for (let i = 0; i < 200; i++) await services.version.version({})
    const before = megabytes()
    let slowest = 0
    let over = false
    const others = (async () => {
      while (!over) {
        const start = performance.now()
        await services.version.version({}, { timeoutMs: 20_000 })
        slowest = Math.max(slowest, performance.now() - start)
        await sleep(10)
      }
    })()
    for (let round = 0; round < 3; round++) {
      const { heard, sent } = await flood(address, 90_000, hold)
      // A client that goes on although its streams are refused finds the connection closed.
      if (!hold) assert.ok(heard.includes(types.goAway), 'the client is told to go away')
      assert.ok(sent < 60_000, `${sent} streams were taken`)
    }
    over = true
    await others
    assert.ok(slowest < 10_000, `another client waited ${slowest} ms`)
    const deadline = Date.now() + 40_000
    // A round that left its streams behind would leave this much each.
    while (megabytes() > before + 150) {
      assert.ok(Date.now() < deadline, `${megabytes()} MB after the flood, ${before} MB before`)
      await sleep(500)
    }
    t.diagnostic(`${before} MB before, ${megabytes()} MB after; another client waited ${slowest} ms at most`)
  })
}

test('a client that ends thousands of answered reads early is served on', { skip, timeout: 120_000 }, async (t) => {
  const { services } = await startProcess(t)
  const bytes = Buffer.alloc(32_768, 1)
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
  const source = async function* () {
    yield bytes
  }
  const init = { ref: 'one', labels: keep, expected: digest, size: BigInt(bytes.length) }
  await writeBlob(services.content, init, source(), inTest)
  let begun = 0
  const readMany = async () => {
    while (begun++ < 4500) {
      const over = new AbortController()
      const first = services.content.read({ digest, offset: 0n, size: 0n }, { ...inTest, signal: over.signal })
      for await (const { data } of first) {
        assert.ok(data.length > 0)
        break
      }
      over.abort()
    }
  }
  await Promise.all(Array.from({ length: 16 }, readMany))
})
