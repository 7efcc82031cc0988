// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { hasCode, isAlreadyExists, isCancelled, isNotFound } from '@teu/errors'
import type { Spec } from '@teu/oci-spec/runtime'
import { createRuntime } from '@teu/runtime'
import { rooted } from './kit/root.ts'
import { Workshop } from './kit/workshop.ts'

test('a container goes from created over running to stopped', rooted, async () => {
  await using workshop = new Workshop()
  const { runtime } = workshop
  const bundle = workshop.bundle(['sleep', '1000'], (spec) => {
    spec.annotations = { key: 'value' }
  })
  const pidFile = join(workshop.directory, 'pid')

  const created = await runtime.create('one', { bundle, pidFile, stdio: ['ignore', 'ignore', 'ignore'] })
  const state = await runtime.state('one')
  assert.equal(state.status, 'created')
  assert.equal(state.pid, created.pid)
  assert.equal(readFileSync(pidFile, 'utf8'), String(created.pid))
  assert.equal(state.bundle, bundle)
  assert.deepEqual(state.annotations, { key: 'value' })
  assert.ok(existsSync(join(workshop.root, 'one', 'exec.fifo')))
  assert.equal(statSync(join(workshop.root, 'one', 'state.json')).mode & 0o777, 0o600)

  await runtime.start('one')
  assert.equal((await runtime.state('one')).status, 'running')
  assert.ok(!existsSync(join(workshop.root, 'one', 'exec.fifo')))
  assert.deepEqual(await runtime.ps('one'), [created.pid])

  await runtime.kill('one', 9)
  assert.deepEqual(await created.exited, { exitCode: 137, signalNumber: 9 })
  const stopped = await runtime.state('one')
  assert.equal(stopped.status, 'stopped')
  assert.equal(stopped.pid, 0)
  await runtime.delete('one')
  await assert.rejects(runtime.state('one'), { code: 'not-found', message: 'container does not exist' })
})

test('the exit status and the output are those of the program', rooted, async () => {
  await using workshop = new Workshop()
  assert.deepEqual(await workshop.run(['sh', '-c', 'echo out; echo err >&2; exit 7']), {
    exitCode: 7,
    output: 'out\nerr\n',
  })
})

test('calls that the state does not allow are refused with the words of the original', rooted, async () => {
  await using workshop = new Workshop()
  const { runtime } = workshop
  const id = await workshop.running()
  const refused = (message: string) => ({ code: 'failed-precondition', message })

  await assert.rejects(runtime.start(id), refused('cannot start an already running container'))
  await assert.rejects(runtime.delete(id), refused(`cannot delete container ${id} that is not stopped: running`))
  await assert.rejects(runtime.create(id, { bundle: workshop.bundle(['true']) }), (error) => {
    assert.equal((error as Error).message, 'container with given ID already exists')
    return isAlreadyExists(error)
  })
  await runtime.kill(id, 9)
  while ((await runtime.state(id)).status !== 'stopped') await new Promise((resolve) => setTimeout(resolve, 5))
  await assert.rejects(runtime.kill(id, 15), refused('container not running'))
  await assert.rejects(runtime.start(id), refused('cannot start a container that has stopped'))
  await assert.rejects(runtime.exec(id, { process: { args: ['true'] } }), refused('cannot exec in a stopped container'))
  await runtime.delete(id)
})

test('delete kills a created container, and with force a running one or none', rooted, async () => {
  await using workshop = new Workshop()
  const { runtime } = workshop
  const bundle = workshop.bundle(['sleep', '1000'])
  const { exited } = await runtime.create('two', { bundle, stdio: ['ignore', 'ignore', 'ignore'] })
  await runtime.delete('two')
  assert.deepEqual(await exited, { exitCode: 137, signalNumber: 9 })
  const id = await workshop.running()
  await runtime.delete(id, { force: true })
  await runtime.delete(id, { force: true })
  await assert.rejects(runtime.delete(id), isNotFound)
})

test('ids that could lead out of the state directory are refused', rooted, async () => {
  await using workshop = new Workshop()
  for (const id of ['..', '.', 'a/b', '../x', 'a b', 'a\n', 'ä', '']) {
    await assert.rejects(workshop.runtime.create(id), (error) => hasCode(error, 'invalid-argument'), JSON.stringify(id))
    await assert.rejects(workshop.runtime.state(id), (error) => hasCode(error, 'invalid-argument'), JSON.stringify(id))
  }
})

test('of two starts at once one succeeds', rooted, async () => {
  await using workshop = new Workshop()
  const bundle = workshop.bundle(['sleep', '1000'])
  await workshop.runtime.create('race', { bundle, stdio: ['ignore', 'ignore', 'ignore'] })
  const other = createRuntime({ root: workshop.root })
  const results = await Promise.allSettled([workshop.runtime.start('race'), other.start('race')])
  assert.deepEqual(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
})

test('another runtime on the same root sees and rules the same containers', rooted, async () => {
  await using workshop = new Workshop()
  const id = await workshop.running()
  const other = createRuntime({ root: workshop.root })
  assert.deepEqual(
    (await other.list()).map((state) => [state.id, state.status]),
    [[id, 'running']],
  )
  await other.delete(id, { force: true })
  assert.deepEqual(await workshop.runtime.list(), [])
})

test('a create that is given up leaves nothing', rooted, async () => {
  await using workshop = new Workshop()
  const bundle = workshop.bundle(['true'], (spec) => {
    spec.hooks = { createRuntime: [{ path: '/bin/sleep', args: ['sleep', '1000'] }] }
  })
  const controller = new AbortController()
  setTimeout(() => controller.abort(), 200)
  const stdio = ['ignore', 'ignore', 'ignore'] as const
  await assert.rejects(workshop.runtime.create('gone', { bundle, stdio, signal: controller.signal }), isCancelled)
  assert.deepEqual(await workshop.runtime.list(), [])
})

test('a failed create leaves nothing, and the id is free again', rooted, async () => {
  await using workshop = new Workshop()
  await assert.rejects(
    workshop.runtime.create('again', {
      bundle: workshop.bundle(['true'], (spec) => {
        spec.mounts.push({ destination: '/x', type: 'nosuchfs', source: 'x' })
      }),
    }),
    /error mounting "x" to rootfs at "\/x": .*no such device$/,
  )
  const bundle = workshop.bundle(['true'])
  await workshop.runtime.create('again', { bundle, stdio: ['ignore', 'ignore', 'ignore'] })
})

test(
  'a program that cannot be executed is an error of create where it can be known, and of start otherwise',
  rooted,
  async () => {
    await using workshop = new Workshop()
    await assert.rejects(
      workshop.run(['nope']),
      /^StackError: unable to start container process: exec: "nope": executable file not found in \$PATH$/,
    )
    await assert.rejects(
      workshop.run(['/nope']),
      /unable to start container process: exec: "\/nope": stat \/nope: no such file or directory$/,
    )
    await assert.rejects(workshop.run(['/etc/passwd']), /exec: "\/etc\/passwd": permission denied$/)
    await assert.rejects(workshop.run(['/tmp']), /exec: "\/tmp": permission denied$/)
  },
)

test('a container without a process is made, entered and removed, and not started', rooted, async () => {
  await using workshop = new Workshop()
  const bundle = workshop.bundle(['true'], (spec) => {
    delete (spec as Spec).process
  })
  await workshop.runtime.create('c', { bundle, stdio: ['ignore', 'ignore', 'ignore'] })
  assert.equal((await workshop.runtime.state('c')).status, 'created')
  await assert.rejects(workshop.runtime.start('c'), {
    code: 'failed-precondition',
    message: 'process property must not be empty',
  })
  assert.equal((await workshop.exec('c', ['/bin/id', '-u'])).output, '0\n')
  assert.equal((await workshop.runtime.state('c')).status, 'created')
  await workshop.runtime.delete('c')
})

test('a process without a user is that of root, as to the originals', rooted, async () => {
  await using workshop = new Workshop()
  const bundle = workshop.bundle(['sh', '-c', 'id -u; id -g'], (spec) => {
    delete (spec.process as Partial<typeof spec.process>).user
  })
  assert.equal((await workshop.runBundle(bundle)).output, '0\n0\n')
})

test('a program starts with every signal as the kernel has it, those of the C library too', rooted, async () => {
  await using workshop = new Workshop()
  const { output } = await workshop.run(['grep', '-E', '^Sig(Ign|Blk):', '/proc/self/status'])
  assert.equal(output, ['SigBlk', 'SigIgn'].map((name) => `${name}:\t0000000000000000\n`).join(''))
  const id = await workshop.running()
  assert.equal(
    (await workshop.exec(id, ['grep', '^SigIgn:', '/proc/self/status'])).output,
    'SigIgn:\t0000000000000000\n',
  )
})
