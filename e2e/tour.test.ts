// SPDX-License-Identifier: Apache-2.0
// The tour that every introduction to Docker gives, by our names, and the hello image that comes with the package.
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { imageArchive } from './harness/programs.ts'
import { sandboxTest, until } from './harness/sandbox.ts'
import { startTeud } from './harness/stack.ts'

sandboxTest('from an image to a bundle to a container, by hand', async (sandbox) => {
  const socket = sandbox.path('teu.sock')
  await startTeud(sandbox, ['-H', 'tcp://127.0.0.1:2375'])
  const env = { DOCKER_HOST: `unix://${socket}` }
  const sh = (script: string) => sandbox.output('sh', ['-ec', script], { env, cwd: sandbox.path('tour') })
  mkdirSync(sandbox.path('tour', 'rootfs'), { recursive: true })
  await sh(`teu load -i ${imageArchive('busybox')}`)
  await sh('teu export $(teu create busybox) | tar -C rootfs -xf -')
  await sh('teu-runtime spec')
  const file = sandbox.path('tour', 'config.json')
  const config = JSON.parse(readFileSync(file, 'utf8'))
  config.process.terminal = false
  config.process.args = ['sleep', '1000']
  config.linux.cgroupsPath = `${sandbox.cgroupParent}/tour`
  writeFileSync(file, JSON.stringify(config))
  const runtime = `teu-runtime --root ${sandbox.path('rt')}`
  await sh(`${runtime} create tour </dev/null >/dev/null 2>&1`)
  assert.equal(JSON.parse(await sh(`${runtime} state tour`)).status, 'created')
  await sh(`${runtime} start tour`)
  assert.equal(JSON.parse(await sh(`${runtime} state tour`)).status, 'running')
  assert.match(await sh(`${runtime} list`), /^ID +PID +STATUS +BUNDLE +CREATED +OWNER\ntour +\d+ +running /)
  await sh(`${runtime} kill tour 9`)
  await until(
    'the container is stopped',
    async () => JSON.parse(await sh(`${runtime} state tour`)).status === 'stopped',
  )
  await sh(`${runtime} delete tour`)
  assert.match(await sh('teu -H tcp://127.0.0.1:2375 info'), /Server Version: /)
  await sh('teu rm $(teu ps -aq)')
})

sandboxTest('teu/hello comes with the package; the second run needs no pull', async (sandbox) => {
  const socket = sandbox.path('teu.sock')
  await startTeud(sandbox)
  const run = () => sandbox.run('teu', ['-H', `unix://${socket}`, 'run', '--rm', 'teu/hello'])
  const first = await run()
  assert.equal(first.status, 0, first.stderr)
  assert.match(first.stdout, /hello/i)
  const second = await run()
  assert.deepEqual([second.status, second.stdout, second.stderr], [0, first.stdout, ''])
})

sandboxTest('the processes are those of the architecture document', async (sandbox) => {
  const { socket } = await startTeud(sandbox)
  const env = { DOCKER_HOST: `unix://${socket}` }
  await sandbox.output('teu', ['load', '-i', imageArchive('busybox')], { env })
  await sandbox.output('teu', ['run', '-d', '--name', 'box', 'busybox', 'sleep', '4321'], { env })
  // A shim in a session of its own, a monitor below it, and the program below that.
  await until('the program runs', async () => {
    const rows = (await sandbox.output('ps', ['axwwo', 'pid=,ppid=,args=']))
      .split('\n')
      .map((line) => line.trim().split(/ +/))
    const find = (matches: (parent: string, args: string) => boolean) =>
      rows.find(([, parent = '', ...args]) => matches(parent, args.join(' ')))?.[0]
    const shim = find(
      (parent, args) => parent === '1' && args.includes('containerd-shim-teu-v1') && args.includes(sandbox.directory),
    )
    const monitor = find((parent, args) => parent === shim && args === 'teu-init monitor')
    // Who was told to start the program may not have become it yet.
    const program = find((parent, args) => parent === monitor && args === 'sleep 4321')
    return program !== undefined
  })
  await sandbox.output('teu', ['rm', '-f', 'box'], { env })
})
