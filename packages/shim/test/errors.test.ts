// SPDX-License-Identifier: Apache-2.0
// What is refused, in which words: those of the original, which its callers search. Where ours knows a better code than
// the original's "unknown", it says so.
import assert from 'node:assert/strict'
import { closeSync, constants, existsSync, globSync, openSync, readFileSync, readSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { codeOf, messageOf } from '@teu/errors'
import { ociTypeUrls, packJson, type TaskService } from '@teu/shim-api'
import type { Bundle } from './bundles.ts'
import { execProcess } from './container-config.ts'
import { processesIn } from './processes.ts'
import { ShimFixture } from './shim-fixture.ts'
import { shimsUnderTest } from './shims-under-test.ts'

const skip = process.getuid?.() === 0 ? false : 'needs root'
/** What there is to read now. */
function heard(fifo: number): string {
  const bytes = Buffer.alloc(65536)
  try {
    return bytes.subarray(0, readSync(fifo, bytes)).toString()
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'EAGAIN')
    return ''
  }
}

/** Removes a cgroup from every hierarchy; false while one is busy. */
function removeCgroups(path: string): boolean {
  for (const folder of globSync(`/sys/fs/cgroup{,/*}${path}`)) {
    try {
      rmdirSync(folder)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EBUSY') return false
      if (code !== 'ENOENT') throw error
    }
  }
  return true
}

const noStreams = { stdin: '', stdout: '', stderr: '', terminal: false }

for (const { name, binaryName, binary, isOurs } of shimsUnderTest) {
  const refused = async (call: Promise<unknown>, code: string, message: RegExp) => {
    const error = await call.then(
      () => assert.fail(`not refused: ${message}`),
      (reason: unknown) => reason,
    )
    assert.match(messageOf(error), message)
    if (isOurs || codeOf(error) !== 'unknown') assert.equal(codeOf(error), code, messageOf(error))
  }

  test(`${name}: a container that cannot be made is refused with the runtime's reason`, { skip }, async () => {
    await using fixture = await ShimFixture.create(binary)
    const create = async (args: string[]) => {
      const bundle = await fixture.bundle({ args, binaryName })
      const task = await fixture.connect(bundle)
      return fixture.createTask(task, { ...bundle, ...noStreams })
    }
    const reason = (text: string) =>
      new RegExp(`^OCI runtime create failed: (runc create failed: )?unable to start container process: exec: ${text}`)
    await refused(create(['/none']), 'unknown', reason('"/none": stat /none: no such file or directory'))
    await refused(create(['/bin']), 'unknown', reason('"/bin": permission denied'))
    await refused(create(['none']), 'unknown', reason('"none": executable file not found in \\$PATH'))
  })

  test(`${name}: of what a runtime says why it fails the reader of the container hears nothing`, { skip }, async () => {
    await using fixture = await ShimFixture.create(binary)
    const log = join(fixture.folder, 'log')
    const failing = async (streams: Pick<Bundle, 'stdout' | 'stderr'>, bundle: Bundle, task: TaskService) => {
      const readers = [bundle.stdout, bundle.stderr].map((path) =>
        openSync(path, constants.O_RDONLY | constants.O_NONBLOCK),
      )
      try {
        await refused(fixture.createTask(task, { ...bundle, ...streams }), 'unknown', /no such file or directory/)
        if (isOurs) await fixture.until(() => processesIn(bundle.path).length === 0)
        assert.deepEqual(readers.map(heard), ['', ''])
      } finally {
        for (const reader of readers) closeSync(reader)
      }
    }
    for (const file of [false, true]) {
      const bundle = await fixture.bundle({ args: ['/none'], binaryName })
      const streams = file ? { stdout: `file://${log}`, stderr: `file://${log}` } : bundle
      await failing(streams, bundle, await fixture.connect(bundle))
    }
    if (existsSync(log)) assert.equal(readFileSync(log, 'utf8'), '')
    const { bundle, id, task } = await fixture.run({ args: ['sleep', '1000'], binaryName }, noStreams)
    const reader = openSync(bundle.stderr, constants.O_RDONLY | constants.O_NONBLOCK)
    const exec = { id, execId: 'e', ...noStreams, stderr: bundle.stderr, spec: execProcess(['/none']) }
    await task.exec(exec)
    await refused(task.start({ id, execId: 'e' }), 'unknown', /no such file or directory/)
    if (isOurs) await fixture.until(() => processesIn(bundle.path).length === 1)
    assert.equal(heard(reader), '')
    closeSync(reader)
    await fixture.end({ task, id })
  })

  test(`${name}: what the state of a container does not allow is refused`, { skip }, async () => {
    await using fixture = await ShimFixture.create(binary)
    const bundle = await fixture.bundle({ args: ['sleep', '1000'], binaryName })
    const { id } = bundle
    const task = await fixture.connect(bundle)
    const exec = (execId: string, ...args: string[]) => task.exec({ id, execId, ...noStreams, spec: execProcess(args) })
    const startExec = (execId: string) => task.start({ id, execId })
    const update = () =>
      task.update({ id, resources: packJson(ociTypeUrls.linuxResources, { pids: { limit: 10 } }), annotations: {} })

    await refused(task.state({ id: 'nobody', execId: '' }), 'not-found', /^container not created/)
    await fixture.createTask(task, { ...bundle, ...noStreams })
    await refused(task.pause({ id }), 'failed-precondition', /^cannot pause task in created state$/)
    await refused(task.resume({ id }), 'failed-precondition', /^cannot resume task in created state$/)
    await task.start({ id, execId: '' })
    await refused(task.start({ id, execId: '' }), 'failed-precondition', /^cannot start a running process$/)
    await refused(task.resume({ id }), 'failed-precondition', /^cannot resume a running process$/)
    await refused(task.delete({ id, execId: '' }), 'failed-precondition', /^cannot delete a running process$/)

    await exec('e', '/none')
    await refused(exec('e', 'true'), 'already-exists', /^id e/)
    const size = { id, execId: '', width: 80, height: 25 }
    await task.resizePty({ ...size, execId: 'e' })
    const unborn = { id, execId: 'e', signal: 9, all: false }
    await refused(task.kill(unborn), 'failed-precondition', /^process not created/)
    const reason =
      /^OCI runtime exec failed: (exec failed: )?unable to start container process: exec: "\/none": stat \/none/
    await refused(startExec('e'), 'unknown', reason)
    await task.delete({ id, execId: 'e' })
    await refused(task.wait({ id, execId: 'e' }), 'not-found', /^process does not exist e/)
    await refused(task.kill(unborn), 'not-found', /^process does not exist e/)
    await exec('s', 'sleep', '1000')
    await startExec('s')
    await refused(task.delete({ id, execId: 's' }), 'failed-precondition', /^cannot delete a running process$/)

    await task.pause({ id })
    assert.equal((await task.state({ id, execId: 's' })).status, 4, 'an exec is paused with its container')
    await refused(task.pause({ id }), 'failed-precondition', /^cannot pause a paused container$/)
    await refused(exec('p', 'true'), 'failed-precondition', /^cannot exec in a paused state$/)
    await task.resume({ id })

    await task.shutdown({ id, now: false })
    await task.kill({ id, execId: '', signal: 9, all: true })
    assert.equal((await task.wait({ id, execId: '' }, { timeoutMs: 10_000 })).exitStatus, 137)
    const kill = { id, execId: '', signal: 9, all: false }
    await refused(task.kill(kill), 'not-found', /^process already finished/)
    await refused(exec('q', 'true'), 'failed-precondition', /^cannot exec in a stopped state$/)
    await refused(task.pause({ id }), 'failed-precondition', /^cannot pause a stopped container$/)
    await refused(task.start({ id, execId: '' }), 'failed-precondition', /^cannot start a stopped process$/)
    await refused(update(), 'failed-precondition', /^cannot update a stopped container$/)
    await refused(task.resume({ id }), 'failed-precondition', /^cannot resume a stopped container$/)
    await refused(
      task.resizePty({ ...size, execId: 's' }),
      'failed-precondition',
      /^cannot resize a stopped container$/,
    )
    await task.resizePty(size)
    await task.closeIO({ id, execId: '', stdin: true })
    // The kernel has one for busy until the last of its processes is gone from it.
    await fixture.until(() => removeCgroups(`${fixture.cgroup}/${id}`))
    // The original that found the cgroup at the start, as it does not on every hybrid host, passes over what is gone.
    const stats = task.stats({ id })
    const answers = await stats.then(
      () => true,
      () => false,
    )
    if (isOurs || !answers) await refused(stats, 'not-found', /^cgroup does not exist/)
    assert.deepEqual((await task.pids({ id })).processes, [])
    await task.delete({ id, execId: '' })
    await refused(task.delete({ id, execId: '' }), 'not-found', /^container not created/)
  })
}

test('a checkpoint is refused with a reason of its own', { skip }, async () => {
  await using fixture = await ShimFixture.create()
  const bundle = await fixture.bundle({ args: ['sleep', '1000'] })
  const { id, path } = bundle
  const task = await fixture.connect(bundle)
  const request = { id, bundle: path, rootfs: [], ...noStreams, options: bundle.options, parentCheckpoint: '' }
  await assert.rejects(task.create({ ...request, checkpoint: '/some/where' }), { code: 'not-implemented' })
  await fixture.createTask(task, { ...bundle, ...noStreams })
  await assert.rejects(task.checkpoint({ id, path: '/some/where', options: undefined }), { code: 'not-implemented' })
  await fixture.end({ task, id })
})
