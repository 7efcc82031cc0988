// SPDX-License-Identifier: Apache-2.0
// A terminal leaves the address of standard error alone; the request of an exec decides whether it has a terminal.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { packAny, RuncOptions, runcOptions } from '@teu/shim-api'
import { execProcess } from './container-config.ts'
import { readAll } from './fifos.ts'
import { ShimFixture } from './shim-fixture.ts'
import { runtimesUnderTest } from './shims-under-test.ts'

const skip = process.getuid?.() === 0 ? false : 'needs root'
const limited = { timeoutMs: 20_000 }

for (const { name, binaryName } of runtimesUnderTest) {
  test(`${name}: a terminal leaves the address of standard error alone`, { skip }, async () => {
    await using fixture = await ShimFixture.create()
    for (const owned of [false, true]) {
      const file = join(fixture.folder, 'never')
      for (const stderr of [join(fixture.folder, 'missing'), `file://${file}`, 'npipe:////x']) {
        const bundle = await fixture.bundle({ args: ['sh', '-c', 'echo out; exit 4'], binaryName, terminal: true })
        const ids = owned ? { ioUid: 7, ioGid: 8 } : {}
        const root = join(fixture.folder, 'runtime')
        const options = packAny(runcOptions, RuncOptions.fromPartial({ binaryName, root, ...ids }))
        const { id } = bundle
        const out = readAll(bundle.stdout)
        const task = await fixture.connect(bundle)
        await fixture.createTask(task, { ...bundle, options, stderr })
        await task.start({ id, execId: '' })
        assert.equal((await task.wait({ id, execId: '' }, limited)).exitStatus, 4)
        assert.equal((await out).toString(), 'out\r\n')
        assert.equal((await task.state({ id, execId: '' })).stderr, stderr)
        await task.delete({ id, execId: '' })
      }
      assert.equal(existsSync(file), false)
    }
  })

  test(`${name}: an exec has a terminal when its request says so, whatever its process says`, { skip }, async () => {
    await using fixture = await ShimFixture.create()
    const { bundle, id, task } = await fixture.run({ args: ['sleep', '1000'], binaryName }, { stdout: '', stderr: '' })
    const script = 'if [ -t 1 ]; then echo a terminal; else echo no terminal; fi'
    for (const terminal of [true, false]) {
      const execId = `e${terminal}`
      const out = readAll(bundle.stdout)
      const spec = execProcess(['sh', '-c', script], !terminal)
      await task.exec({ id, execId, terminal, stdin: '', stdout: bundle.stdout, stderr: '', spec })
      await task.start({ id, execId })
      assert.equal((await task.wait({ id, execId }, limited)).exitStatus, 0)
      assert.equal((await out).toString(), terminal ? 'a terminal\r\n' : 'no terminal\n')
      assert.equal((await task.state({ id, execId })).terminal, terminal)
      await task.delete({ id, execId })
    }
    await fixture.end({ task, id })
  })
}
