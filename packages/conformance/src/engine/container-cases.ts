// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import type { ConformanceCase } from '../harness/suite.ts'
import { assertMessage, type EngineContext } from './context.ts'

export const containerCases: readonly ConformanceCase<EngineContext>[] = [
  {
    name: 'unknown containers, images and execs are 404 with their text',
    async run(engine) {
      assertMessage(await engine.call('GET', '/containers/absent/json'), 404, 'No such container: absent')
      assertMessage(await engine.call('POST', '/containers/absent/start'), 404, 'No such container: absent')
      assertMessage(await engine.call('DELETE', '/containers/absent'), 404, 'No such container: absent')
      assertMessage(await engine.call('GET', '/images/absent/json'), 404, /No such image: absent(:latest)?$/)
      assertMessage(await engine.call('GET', '/exec/absent/json'), 404, /^No such exec instance: absent$/)
      assertMessage(
        await engine.call('POST', '/containers/create', { Image: 'absent' }),
        404,
        /^No such image: absent:latest$/,
      )
    },
  },
  {
    name: 'the states of a container: created, running, exited with its code',
    async run(engine) {
      await engine.withContainer(['sh', '-c', 'exit 42'], {}, async (id) => {
        assert.match(id, /^[0-9a-f]{64}$/)
        assert.equal((await engine.expect(200, 'GET', `/containers/${id}/json`)).State.Status, 'created')
        await engine.expect(204, 'POST', `/containers/${id}/start`)
        assert.equal((await engine.expect(200, 'POST', `/containers/${id}/wait`)).StatusCode, 42)
        const { State } = await engine.expect(200, 'GET', `/containers/${id}/json`)
        assert.deepEqual([State.Status, State.ExitCode, State.Running, State.Pid], ['exited', 42, false, 0])
      })
    },
  },
  {
    name: 'starting what runs and stopping what does not is 304',
    async run(engine) {
      await engine.withContainer(['sleep', '1000'], {}, async (id) => {
        await engine.expect(204, 'POST', `/containers/${id}/start`)
        assert.equal((await engine.call('POST', `/containers/${id}/start`)).status, 304)
        await engine.expect(204, 'POST', `/containers/${id}/kill`)
        await engine.expect(200, 'POST', `/containers/${id}/wait`)
        assert.equal((await engine.call('POST', `/containers/${id}/stop`)).status, 304)
        assert.equal((await engine.expect(200, 'GET', `/containers/${id}/json`)).State.ExitCode, 137)
      })
    },
  },
  {
    name: 'a name in use is 409, a running container is not removed without force',
    async run(engine) {
      const name = `${engine.prefix}-named`
      const id = await engine.create(['sleep', '1000'], {}, name)
      try {
        const body = { Image: engine.image }
        assertMessage(
          await engine.call('POST', `/containers/create?name=${name}`, body),
          409,
          `Conflict. The container name "/${name}" is already in use by container "${id}". You have to remove (or rename) that container to be able to reuse that name.`,
        )
        await engine.expect(204, 'POST', `/containers/${id}/start`)
        const refused = await engine.call('DELETE', `/containers/${name}`)
        assert.equal(refused.status, 409, refused.text)
      } finally {
        assert.equal((await engine.call('DELETE', `/containers/${id}?force=1`)).status, 204)
      }
    },
  },
  {
    name: 'containers are found by id, prefix and name, and listed',
    async run(engine) {
      const name = `${engine.prefix}-found`
      const id = await engine.create(['true'], { Labels: { run: engine.prefix } }, name)
      try {
        for (const reference of [id, id.slice(0, 12), name])
          assert.equal((await engine.expect(200, 'GET', `/containers/${reference}/json`)).Id, id)
        const filters = encodeURIComponent(JSON.stringify({ label: [`run=${engine.prefix}`] }))
        const listed = await engine.expect(200, 'GET', `/containers/json?all=1&filters=${filters}`)
        assert.deepEqual(
          listed.map(({ Id, Names, State }: Record<string, unknown>) => [Id, Names, State]),
          [[id, [`/${name}`], 'created']],
        )
      } finally {
        await engine.call('DELETE', `/containers/${id}?force=1`)
      }
    },
  },
  {
    name: 'a command that is not there fails the start with its text',
    async run(engine) {
      await engine.withContainer(['no-such-program'], {}, async (id) => {
        const reply = await engine.call('POST', `/containers/${id}/start`)
        assert.equal(reply.status, 400, reply.text)
        assert.match(JSON.parse(reply.text).message, /exec: "no-such-program": executable file not found in \$PATH/)
      })
    },
  },
  {
    name: 'exec: its output, its exit code, and 409 in a container that does not run',
    async run(engine) {
      await engine.withContainer(['sleep', '1000'], {}, async (id) => {
        const body = { Cmd: ['sh', '-c', 'exit 7'] }
        assert.equal((await engine.call('POST', `/containers/${id}/exec`, body)).status, 409)
        await engine.expect(204, 'POST', `/containers/${id}/start`)
        const { Id } = await engine.expect(201, 'POST', `/containers/${id}/exec`, body)
        assert.equal((await engine.expect(200, 'GET', `/exec/${Id}/json`)).Running, false)
        assert.equal((await engine.call('POST', `/exec/${Id}/start`, { Detach: true })).status, 200)
        for (let round = 0; ; round++) {
          const { Running, ExitCode } = await engine.expect(200, 'GET', `/exec/${Id}/json`)
          if (!Running && ExitCode !== null) {
            assert.equal(ExitCode, 7)
            return
          }
          assert.ok(round < 200, 'the exec does not end')
          await new Promise((resolve) => setTimeout(resolve, 20))
        }
      })
    },
  },
]
