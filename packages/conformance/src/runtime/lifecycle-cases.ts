// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import type { ConformanceCase } from '../harness/suite.ts'
import type { RuntimeContext } from './context.ts'

/** Creates a container that sleeps, detached from the caller's streams. */
async function created(runtime: RuntimeContext): Promise<string> {
  await runtime.configure('exec sleep 1000')
  const id = runtime.id()
  const pidFile = runtime.path(`${id}.pid`)
  const { status, stderr } = await runtime.run('create', '--bundle', runtime.bundle, '--pid-file', pidFile, id)
  assert.equal(status, 0, `create: ${stderr}`)
  return id
}

async function stopped(runtime: RuntimeContext, id: string): Promise<void> {
  for (let round = 0; round < 200; round++) {
    if ((await runtime.state(id)).status === 'stopped') return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  assert.fail('the container does not stop')
}

export const lifecycleCases: readonly ConformanceCase<RuntimeContext>[] = [
  {
    name: 'run passes the exit code on and leaves no container',
    async run(runtime) {
      assert.equal((await runtime.script('exit 42')).status, 42)
      assert.equal((await runtime.run('state', `${runtime.prefix}-0`)).status, 1)
    },
  },
  {
    name: 'create, start, kill and delete go through created, running, stopped',
    async run(runtime) {
      const id = await created(runtime)
      const state = await runtime.state(id)
      assert.equal(state.status, 'created')
      assert.equal(state.bundle, runtime.bundle)
      assert.equal(await readFile(runtime.path(`${id}.pid`), 'utf8'), String(state.pid))
      assert.equal((await runtime.run('start', id)).status, 0)
      assert.equal((await runtime.state(id)).status, 'running')
      assert.equal((await runtime.run('kill', id, 'KILL')).status, 0)
      await stopped(runtime, id)
      assert.equal((await runtime.run('delete', id)).status, 0)
      assert.equal((await runtime.run('state', id)).status, 1)
    },
  },
  {
    name: 'an id that is taken is refused',
    async run(runtime) {
      const id = await created(runtime)
      const again = await runtime.run('create', '--bundle', runtime.bundle, id)
      assert.equal(again.status, 1)
      assert.match(again.stderr, /exist/)
      assert.equal((await runtime.run('delete', '--force', id)).status, 0)
    },
  },
  {
    name: 'an id with a slash or dots alone is refused',
    async run(runtime) {
      await runtime.configure('true')
      for (const id of ['../x', 'a/b', '..'])
        assert.notEqual((await runtime.run('create', '--bundle', runtime.bundle, id)).status, 0)
    },
  },
  {
    name: 'a running container is deleted by force only',
    async run(runtime) {
      const id = await created(runtime)
      assert.equal((await runtime.run('start', id)).status, 0)
      assert.equal((await runtime.run('delete', id)).status, 1)
      assert.equal((await runtime.run('delete', '--force', id)).status, 0)
    },
  },
  {
    name: 'a container is started once',
    async run(runtime) {
      const id = await created(runtime)
      assert.equal((await runtime.run('start', id)).status, 0)
      assert.equal((await runtime.run('start', id)).status, 1)
      assert.equal((await runtime.run('delete', '--force', id)).status, 0)
    },
  },
  {
    name: 'what does not exist is an error, and no error for delete --force',
    async run(runtime) {
      for (const verb of ['state', 'start', 'kill', 'delete']) {
        const { status, stderr } = await runtime.run(verb, 'absent')
        assert.equal(status, 1, verb)
        assert.match(stderr, /does not exist|No such file/, verb)
      }
      assert.equal((await runtime.run('delete', '--force', 'absent')).status, 0)
    },
  },
  {
    name: 'exec joins the container and passes the exit code on',
    async run(runtime) {
      const id = await created(runtime)
      assert.equal((await runtime.run('start', id)).status, 0)
      const { status, stdout, stderr } = await runtime.run('exec', id, '/bin/sh', '-c', 'hostname; exit 7')
      assert.equal(status, 7, stderr)
      assert.equal(stdout, 'conformance\n')
      assert.equal((await runtime.run('delete', '--force', id)).status, 0)
    },
  },
  {
    name: 'pause and resume',
    requires: ['pause'],
    async run(runtime) {
      const id = await created(runtime)
      assert.equal((await runtime.run('start', id)).status, 0)
      assert.equal((await runtime.run('pause', id)).status, 0)
      assert.equal((await runtime.state(id)).status, 'paused')
      assert.equal((await runtime.run('resume', id)).status, 0)
      assert.equal((await runtime.state(id)).status, 'running')
      assert.equal((await runtime.run('delete', '--force', id)).status, 0)
    },
  },
  {
    name: 'a command that is not there fails at create',
    async run(runtime) {
      await runtime.configure('', (spec) => {
        if (spec.process) spec.process.args = ['no-such-program']
      })
      const { status, stderr } = await runtime.run('create', '--bundle', runtime.bundle, runtime.id())
      assert.equal(status, 1)
      assert.match(stderr, /no-such-program/)
    },
  },
]
