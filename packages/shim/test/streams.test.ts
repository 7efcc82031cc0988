// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { crc32 } from 'node:zlib'
import { execProcess } from './container-config.ts'
import { readAll } from './fifos.ts'
import { ShimFixture } from './shim-fixture.ts'
import { runtimesUnderTest } from './shims-under-test.ts'

const skip = process.getuid?.() === 0 ? false : 'needs root'
const size = 20 * 1024 * 1024

/** Reads a FIFO to its end by its checksum. */
async function checksum(path: string): Promise<{ length: number; crc: number }> {
  let length = 0
  let crc = 0
  for await (const chunk of createReadStream(path)) {
    length += (chunk as Buffer).length
    crc = crc32(chunk as Buffer, crc)
  }
  return { length, crc }
}

for (const { name, binaryName } of runtimesUnderTest) {
  test(`${name}: 20 MiB arrive whole, also at a reader that is slow and one that comes late`, { skip }, async () => {
    await using fixture = await ShimFixture.create()
    const script = `dd if=/dev/zero bs=64k count=${size / 65536} 2>/dev/null; echo late >&2`
    const { bundle, task } = await fixture.run({ args: ['sh', '-c', script], binaryName })
    await delay(200)
    assert.deepEqual(await checksum(bundle.stdout), { length: size, crc: crc32(Buffer.alloc(size)) })
    await task.wait({ id: bundle.id, execId: '' }, { timeoutMs: 10_000 })
    await delay(300)
    assert.equal((await readAll(bundle.stderr)).toString(), 'late\n')
    await task.delete({ id: bundle.id, execId: '' })
  })

  test(`${name}: 20 MiB on standard error arrive whole, although readers and shims come and go`, { skip }, async () => {
    await using fixture = await ShimFixture.create()
    const script = `(dd if=/dev/zero bs=64k count=${size / 65536} 2>/dev/null) >&2; echo out`
    const { bundle, id, task } = await fixture.run({ args: ['sh', '-c', script], binaryName })
    const first = await open(bundle.stderr, 'r')
    const { bytesRead } = await first.read(Buffer.alloc(100_000), 0, 100_000, null)
    await first.close()
    assert.ok(bytesRead > 0)
    await task.state({ id, execId: '' })
    fixture.killShims()
    const rest = checksum(bundle.stderr)
    const next = await fixture.connect(bundle)
    const length = size - bytesRead
    assert.deepEqual(await rest, { length, crc: crc32(Buffer.alloc(length)) })
    assert.equal((await readAll(bundle.stdout)).toString(), 'out\n')
    assert.equal((await next.wait({ id, execId: '' }, { timeoutMs: 10_000 })).exitStatus, 0)
    await next.delete({ id, execId: '' })
  })

  test(`${name}: a reader that vanishes does not break the container, and a new one gets the rest`, {
    skip,
  }, async () => {
    await using fixture = await ShimFixture.create()
    const args = ['sh', '-c', 'echo one; cat >/dev/null; echo two']
    const { bundle, task } = await fixture.run({ args, binaryName, stdin: true })
    const first = await open(bundle.stdout, 'r')
    const { bytesRead, buffer } = await first.read(Buffer.alloc(100), 0, 100, null)
    assert.equal(buffer.subarray(0, bytesRead).toString(), 'one\n')
    await first.close()
    const input = await open(bundle.stdin, 'w')
    await input.writeFile('some input\n')
    await input.close()
    await delay(100)
    assert.equal((await task.state({ id: bundle.id, execId: '' })).status, 2, 'its input has not ended yet')
    await task.closeIO({ id: bundle.id, execId: '', stdin: true })
    assert.equal((await task.wait({ id: bundle.id, execId: '' }, { timeoutMs: 10_000 })).exitStatus, 0)
    assert.equal((await readAll(bundle.stdout)).toString(), 'two\n')
    await task.delete({ id: bundle.id, execId: '' })
  })

  test(`${name}: a terminal has the size it is given, echoes its input and tells of the end`, { skip }, async () => {
    await using fixture = await ShimFixture.create()
    const args = ['sh', '-c', 'read line; stty size; echo got $line; exit 4']
    const bundle = await fixture.bundle({ args, binaryName, stdin: true, terminal: true })
    const out = readAll(bundle.stdout)
    const task = await fixture.connect(bundle)
    await fixture.createTask(task, bundle)
    await task.start({ id: bundle.id, execId: '' })
    await task.resizePty({ id: bundle.id, execId: '', width: 91, height: 27 })
    const input = await open(bundle.stdin, 'w')
    await input.writeFile('hello\n')
    assert.equal((await task.wait({ id: bundle.id, execId: '' }, { timeoutMs: 10_000 })).exitStatus, 4)
    assert.equal((await out).toString(), 'hello\r\n27 91\r\ngot hello\r\n')
    await input.close()
    await task.delete({ id: bundle.id, execId: '' })
  })

  test(`${name}: a process that closes its terminal before it ends is not hung up on`, { skip }, async () => {
    await using fixture = await ShimFixture.create()
    const { bundle, id, task } = await fixture.run({ args: ['sleep', '1000'], binaryName }, { stdout: '', stderr: '' })
    const out = readAll(bundle.stdout)
    // An exec, because a first process is spared the signal.
    const script = 'echo last; exec 0</dev/null 1>/dev/null 2>/dev/null; sleep 0.5; exit 3'
    const exec = { id, execId: 'tty', terminal: true, stdin: '', stdout: bundle.stdout, stderr: '' }
    await task.exec({ ...exec, spec: execProcess(['sh', '-c', script], true) })
    await task.start({ id, execId: 'tty' })
    assert.equal((await task.wait({ id, execId: 'tty' }, { timeoutMs: 10_000 })).exitStatus, 3)
    assert.equal((await out).toString(), 'last\r\n')
    await task.delete({ id, execId: 'tty' })
    await fixture.end({ task, id })
  })

  test(`${name}: an exec with a terminal has the size it was given, and gives 2 MiB whole`, { skip }, async () => {
    await using fixture = await ShimFixture.create()
    const { bundle, id, task } = await fixture.run({ args: ['sleep', '1000'], binaryName })
    const script = 'stty size; dd if=/dev/zero bs=4096 count=512 2>/dev/null'
    const exec = { id, execId: 'tty', terminal: true, stdin: '', stdout: bundle.stdout, stderr: '' }
    await task.exec({ ...exec, spec: execProcess(['sh', '-c', script], true) })
    await task.resizePty({ id, execId: 'tty', width: 91, height: 27 })
    await task.start({ id, execId: 'tty' })
    // The container itself holds the FIFO too, so there is no end to wait for.
    const size = '27 91\r\n'
    const chunks: Buffer[] = []
    let length = 0
    for await (const chunk of createReadStream(bundle.stdout)) {
      chunks.push(chunk as Buffer)
      length += (chunk as Buffer).length
      if (length >= size.length + 512 * 4096) break
    }
    assert.equal(length, size.length + 512 * 4096)
    assert.equal(Buffer.concat(chunks).subarray(0, size.length).toString(), size, 'a size from before the start')
    assert.equal((await task.wait({ id, execId: 'tty' }, { timeoutMs: 10_000 })).exitStatus, 0)
    await fixture.end({ task, id })
  })
}
