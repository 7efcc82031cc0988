// SPDX-License-Identifier: Apache-2.0
// Processes that lose their parent, and numbers that become another process's.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { killQuietly, processesIn } from './processes.ts'
import { ShimFixture } from './shim-fixture.ts'
import { shimsUnderTest } from './shims-under-test.ts'

const skip = process.getuid?.() === 0 ? false : 'needs root'
const noStreams = { stdin: '', stdout: '', stderr: '' }

/** The words of a process's command; empty when it has gone. */
function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').trim()
  } catch {
    return ''
  }
}

const parentOf = (pid: number) => Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])

for (const { name, binary, binaryName, isOurs } of shimsUnderTest) {
  test(`${name}: an orphan of a container in the host's pid namespace has a parent, which collects it`, {
    skip,
  }, async () => {
    await using fixture = await ShimFixture.create(binary)
    // The subshell leaves at once, and the program that takes the place of the shell collects nobody.
    const args = ['sh', '-c', '(sleep 1234 &); exec sleep 1000']
    const { bundle, id, task, pid } = await fixture.run({ args, binaryName, sharedPids: true }, noStreams)
    const { shimPid } = await task.connect({ id })
    const parents = isOurs ? processesIn(bundle.path) : [shimPid]
    assert.ok(!parents.includes(pid))
    let orphan = 0
    await fixture.until(async () => {
      const pids = (await task.pids({ id })).processes.map((process) => process.pid)
      orphan = pids.find((each) => commandOf(each) === 'sleep 1234') ?? 0
      return orphan !== 0 && parents.includes(parentOf(orphan))
    })
    process.kill(orphan, 'SIGKILL')
    await fixture.until(() => !existsSync(`/proc/${orphan}`))
    assert.equal((await task.state({ id, execId: '' })).status, 2, 'nobody else has ended')
    await fixture.end({ task, id })
  })
}

test('a process whose number was written down is not touched unless it is the one that was meant', {
  skip,
}, async () => {
  await using fixture = await ShimFixture.create()
  const { bundle, id, task, pid } = await fixture.run({ args: ['sleep', '1000'] }, noStreams)
  const record = join(bundle.path, 'teu/init.json')
  fixture.killShims()
  await assert.rejects(task.state({ id, execId: '' }), { code: 'unavailable' })
  process.kill(parentOf(pid), 'SIGKILL')
  process.kill(pid, 'SIGKILL')
  await fixture.until(() => processesIn(bundle.path).length === 0 && !existsSync(`/proc/${pid}/exe`))
  const bystander = spawn('sleep', ['1000'], { stdio: 'ignore' })
  try {
    const written = JSON.parse(readFileSync(record, 'utf8')) as { pid: number; startTime: string }
    assert.equal(written.pid, pid)
    assert.match(written.startTime, /^\d+$/)
    writeFileSync(record, JSON.stringify({ ...written, pid: bystander.pid }))
    const next = await fixture.connect(bundle)
    assert.equal((await next.wait({ id, execId: '' }, { timeoutMs: 10_000 })).exitStatus, 137)
    await next.kill({ id, execId: '', signal: 9, all: true }).catch(() => undefined)
    await next.delete({ id, execId: '' })
    await fixture.until(() => fixture.topics(id).includes('delete'))
    assert.equal(bystander.exitCode ?? bystander.signalCode, null, 'the bystander goes on')
    assert.match(readFileSync(`/proc/${bystander.pid}/status`, 'utf8'), /^State:\s*[^Z]/m)
  } finally {
    killQuietly(bystander.pid as number)
  }
})
