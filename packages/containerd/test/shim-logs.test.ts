// SPDX-License-Identifier: Apache-2.0
// The logs of shims: read as long as the shim is there, whichever daemon started it, and no longer.
import assert from 'node:assert/strict'
import { constants, readdirSync, readlinkSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'node:test'
import { silentLogger } from '../src/index.ts'
import { inTest } from './daemon.ts'
import { create, type Fixture, fixture, shims, skipReason, until } from './tasks-fixture.ts'

/** The logs below the fixture's folder that this process has open. */
function openLogs({ folder }: Fixture): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const path = readlinkSync(join('/proc/self/fd', fd)).replace(/ \(deleted\)$/, '')
      return path.startsWith(folder) && path.endsWith('/log') ? [path] : []
    } catch {
      return []
    }
  })
}

async function run(at: Fixture, services: Fixture['daemon']['services'], id: string, annotations = {}) {
  await create(at, services, id, ['sh', '-c', 'echo now; exec sleep 1000'], annotations)
  await services.tasks.start({ containerId: id, execId: '' }, inTest)
}

async function end(services: Fixture['daemon']['services'], containerId: string) {
  await services.tasks.kill({ containerId, execId: '', signal: 9, all: false }, inTest)
  await services.tasks.wait({ containerId, execId: '' }, inTest)
  await services.tasks.delete({ containerId }, inTest)
}

for (const shim of shims) {
  const options = { skip: skipReason(shim), timeout: 120_000 }

  test(`${shim.name}: a shim that has gone leaves no descriptor of its log`, options, async (t) => {
    const at = await fixture(t, shim)
    const { services } = at.daemon
    // A group of its own for each, so that ours has one shim for each as well; the last two share one.
    const groupOf = (group: string) => ({ 'io.containerd.runc.v2.group': group })
    for (const [id, group] of Object.entries({ one: 'a', two: 'b', three: 'c', four: 'c' })) {
      await run(at, services, id, groupOf(group))
    }
    assert.equal(openLogs(at).length, 3)
    for (const id of ['one', 'two', 'three', 'four']) await end(services, id)
    await until('all logs are closed', () => openLogs(at).length === 0)
  })

  test(`${shim.name}: a daemon that starts again reads the logs of the shims that it finds`, options, async (t) => {
    const lines: unknown[] = []
    const log = { ...silentLogger, debug: ({ line }: Readonly<Record<string, unknown>>) => void lines.push(line) }
    const at = await fixture(t, shim, { log })
    await run(at, at.daemon.services, 'one')
    const path = join(at.folder, 'state/io.containerd.runtime.v2.task/test/one/log')
    const say = async (words: string) => {
      await using pipe = await open(path, constants.O_WRONLY | constants.O_NONBLOCK)
      await pipe.writeFile(`${words}\n`)
      await until(words, () => lines.includes(words))
    }
    await say('before')
    const { services } = await at.daemon.restart()
    assert.equal(openLogs(at).length, 1)
    await say('after')
    await end(services, 'one')
  })
}
