// SPDX-License-Identifier: Apache-2.0
// Our CLI on Debian's dockerd: it is a docker CLI like another.
import assert from 'node:assert/strict'
import { startDockerd, startRegistry } from './harness/originals.ts'
import { sandboxTest, until } from './harness/sandbox.ts'
import { teu } from './harness/stack.ts'
import { Terminal } from './harness/terminal.ts'

sandboxTest('the tour of docker commands', async (sandbox) => {
  const registry = await startRegistry(sandbox)
  const dockerd = await startDockerd(sandbox)
  const image = `${registry.address}/busybox`
  const run = (...args: string[]) => teu(sandbox, dockerd.socket, ...args)
  const output = async (...args: string[]) => {
    const result = await run(...args)
    assert.equal(result.status, 0, `teu ${args.join(' ')}\n${result.stdout}${result.stderr}`)
    return result.stdout
  }
  assert.match(await output('version'), /Server:[\s\S]*20\.10/)
  assert.match(await output('pull', image), /Status: Downloaded newer image/)
  assert.equal(await output('run', '--rm', '--network', 'none', image, 'echo', 'hi'), 'hi\n')
  assert.equal((await run('run', '--rm', '--network', 'none', image, 'sh', '-c', 'exit 42')).status, 42)
  assert.equal((await run('run', '--rm', '--network', 'none', image, 'missing')).status, 127)
  assert.equal((await run('run', '--network', 'none', '--rm', '--no-such-flag', image)).status, 125)
  const id = (
    await output('run', '-d', '--name', 'box', '--network', 'none', image, 'sh', '-c', 'echo one; sleep 1000')
  ).trim()
  assert.match(id, /^[0-9a-f]{64}$/)
  await until('the log', async () => (await output('logs', 'box')) === 'one\n')
  assert.equal(await output('exec', 'box', 'echo', 'in'), 'in\n')
  assert.equal(await output('ps', '--format', '{{.Names}} {{.State}}'), 'box running\n')
  assert.equal(await output('inspect', '-f', '{{.State.Running}}', 'box'), 'true\n')
  assert.equal(await output('kill', 'box'), 'box\n')
  assert.equal(await output('wait', 'box'), '137\n')
  assert.equal(await output('rm', 'box'), 'box\n')
  const terminal = new Terminal(sandbox, 'teu', [
    '-H',
    `unix://${dockerd.socket}`,
    'run',
    '--rm',
    '-it',
    '--network',
    'none',
    image,
    'sh',
  ])
  await terminal.shows('# ')
  // Its size is told only once the program runs.
  await terminal.answers('stty size\n', '30 100')
  terminal.type('exit 5\n')
  assert.equal(await terminal.ends(), 5)
  assert.match(await output('rmi', image), /Untagged/)
})
