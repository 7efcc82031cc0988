// SPDX-License-Identifier: Apache-2.0
// Our engine as a daemon of its own: over Debian's containerd with runc's shim, and over ours.
import assert from 'node:assert/strict'
import { docker, startContainerd, startRegistry } from './harness/originals.ts'
import { sandboxTest, until } from './harness/sandbox.ts'
import { startEngine, startOurContainerd } from './harness/stack.ts'

const containerds = { "Debian's containerd": startContainerd, 'our containerd': startOurContainerd }

for (const [name, startContainerdOf] of Object.entries(containerds)) {
  sandboxTest(`our engine over ${name}`, async (sandbox) => {
    const { address } = await startRegistry(sandbox)
    const containerd = await startContainerdOf(sandbox)
    const engine = await startEngine(sandbox, containerd)
    const image = `${address}/busybox`
    const output = async (...args: string[]) => {
      const { status, stdout, stderr } = await docker(sandbox, engine.socket, ...args)
      assert.equal(status, 0, `docker ${args.join(' ')}\n${stdout}${stderr}`)
      return stdout
    }
    assert.equal(await output('run', '--rm', image, 'echo', 'hi'), 'hi\n')
    assert.equal((await docker(sandbox, engine.socket, 'run', '--rm', image, 'no-such-program')).status, 127)
    await output('run', '-d', '--name', 'box', image, 'sh', '-c', 'echo one; exec sleep 1000')
    await until('the log', async () => (await output('logs', 'box')) === 'one\n')
    assert.equal(await output('exec', 'box', 'echo', 'inside'), 'inside\n')

    await sandbox.stop(containerd.process, 'SIGKILL')
    await startContainerdOf(sandbox)
    await until(
      'the engine is back on containerd',
      async () => (await output('exec', 'box', 'echo', 'still')) === 'still\n',
    )

    await sandbox.stop(engine.process, 'SIGKILL')
    await startEngine(sandbox, containerd)
    assert.match(await output('ps'), /Up .* box/)
    assert.equal(await output('exec', 'box', 'echo', 'again'), 'again\n')
    await output('stop', '-t', '0', 'box')
    assert.match(await output('ps', '-a'), /Exited \(137\)/)
    await output('rm', 'box')
    await output('rmi', image)
  })
}
