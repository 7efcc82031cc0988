// SPDX-License-Identifier: Apache-2.0
// The docker CLI's streams and namespaces on our engine, where a real process is at the other end.
import assert from 'node:assert/strict'
import { readdirSync, writeFileSync } from 'node:fs'
import { docker } from './harness/originals.ts'
import { imageArchive } from './harness/programs.ts'
import { type Sandbox, sandboxTest, until } from './harness/sandbox.ts'
import { startTeud } from './harness/stack.ts'

const image = 'busybox:latest'

async function stack(sandbox: Sandbox, options: readonly string[] = []) {
  const engine = await startTeud(sandbox, options)
  const run = (...args: string[]) => docker(sandbox, engine.socket, ...args)
  const output = async (...args: string[]) => {
    const result = await run(...args)
    assert.equal(result.status, 0, `docker ${args.join(' ')}\n${result.stdout}${result.stderr}`)
    return result.stdout
  }
  await output('load', '-i', imageArchive('busybox'))
  return { engine, run, output }
}

sandboxTest('an empty input ends what reads it: exec -i, run -i, start -ai', async (sandbox) => {
  const { output } = await stack(sandbox)
  await output('run', '-d', '--name', 'up', image, 'sleep', '1000')
  // The harness closes the input of every program at once.
  for (let round = 0; round < 4; round++) {
    assert.equal(await output('exec', '-i', 'up', 'cat'), '')
    assert.equal(await output('run', '-i', '--rm', image, 'cat'), '')
  }
  await output('create', '-i', '--name', 'later', image, 'sh', '-c', 'cat; echo over')
  for (let round = 0; round < 4; round++) assert.equal(await output('start', '-ai', 'later'), 'over\n')
  const fed = await sandbox.run(
    'docker',
    ['-H', `unix://${sandbox.path('teu.sock')}`, 'exec', '-i', 'up', 'wc', '-c'],
    {
      input: 'x'.repeat(200_000),
    },
  )
  assert.equal(fed.stdout, '200000\n')
  await output('rm', '-f', 'up', 'later')
})

sandboxTest('requests whose upgrade leads nowhere cost the daemon no descriptor', async (sandbox) => {
  const { engine, output } = await stack(sandbox)
  const descriptors = () => readdirSync(`/proc/${engine.process.pid}/fd`).length
  const curl = (...args: string[]) => sandbox.run('curl', ['-s', '--unix-socket', engine.socket, ...args])
  await output('ps')
  const before = descriptors()
  for (let round = 0; round < 30; round++) {
    assert.equal((await curl('--http2', 'http://engine/_ping')).stdout, 'OK')
    const upgrade = ['-H', 'Connection: Upgrade', '-H', 'Upgrade: tcp', '-X', 'POST']
    assert.match(
      (await curl(...upgrade, 'http://engine/containers/nosuch/attach?stream=1')).stdout,
      /No such container/,
    )
  }
  await until(`as few descriptors as before, ${before}`, () => descriptors() <= before + 2, 5_000)
})

sandboxTest('memory, names and processes are shared by the containers that ask for it', async (sandbox) => {
  const { output, run } = await stack(sandbox)
  const script = 'echo shared > /dev/shm/x; exec sleep 1000'
  const flags = ['-d', '--name', 'donor', '-h', 'donorname', '--network', 'none', '--ipc', 'shareable']
  await output('run', ...flags, '--shm-size', '1m', image, 'sh', '-c', script)
  const join = ['run', '--rm', '--network', 'none']
  await until('the donor has written', async () => (await output('exec', 'donor', 'ls', '/dev/shm')) === 'x\n')
  const look = 'cat /dev/shm/x; grep -c "/dev/shm " /proc/mounts'
  assert.equal(await output(...join, '--ipc', 'container:donor', image, 'sh', '-c', look), 'shared\n1\n')
  assert.match(
    await output('exec', 'donor', 'grep', '/dev/shm ', '/proc/mounts'),
    /^shm .*nosuid,nodev,noexec.*size=1024k/,
  )
  const none = await run(...join, '--ipc', 'none', image, 'ls', '/dev/shm')
  assert.match(none.stderr, /No such file or directory/)
  const host = 'hostname; cat /etc/hostname; echo $HOSTNAME'
  assert.equal(
    await output('run', '--rm', '--network', 'container:donor', image, 'sh', '-c', host),
    'donorname\ndonorname\ndonorname\n',
  )
  assert.match(await output(...join, '--pid', 'container:donor', image, 'ps'), /sleep 1000/)
  const missing = await run('create', '--pid', 'container:nothere', image)
  assert.match(missing.stderr, /No such container: nothere/)
  await output('kill', 'donor')
  const gone = await run(...join, '--ipc', 'container:donor', image, 'true')
  assert.match(gone.stderr, /can't join IPC of container \w+: container \w+ is not running/)
  await output('rm', '-f', 'donor')
})

sandboxTest('a restart keeps a --rm container, top takes columns, sizes count the image', async (sandbox) => {
  const { output } = await stack(sandbox)
  await output('run', '-d', '--rm', '--name', 'up', image, 'sleep', '1000')
  await output('restart', '-t', '0', 'up')
  assert.match(await output('ps'), / up\n/)
  assert.match(await output('top', 'up', '-o', 'pid,args'), /^PID +COMMAND\n\d+ +sleep 1000\n$/)
  const [{ SizeRw, SizeRootFs }] = JSON.parse(await output('inspect', '-s', 'up'))
  assert.ok(SizeRootFs > SizeRw + 500_000, `${SizeRw} ${SizeRootFs}`)
  await output('stop', '-t', '0', 'up')
  await until('it is removed', async () => (await output('ps', '-aq')) === '')
})

sandboxTest('SIGHUP makes the daemon read its file again', async (sandbox) => {
  const file = sandbox.path('daemon.json')
  writeFileSync(file, '{"labels": ["a=1"]}')
  const { engine, output } = await stack(sandbox, ['--config-file', file])
  assert.equal(await output('info', '-f', '{{json .Labels}}'), '["a=1"]\n')
  writeFileSync(file, '{"labels": ["a=2"], "bridge": "other0"}')
  engine.process.kill('SIGHUP')
  await until('the label is the new one', async () => (await output('info', '-f', '{{json .Labels}}')) === '["a=2"]\n')
  assert.match(sandbox.log('teud'), /take effect after a restart/)
  writeFileSync(file, '{')
  engine.process.kill('SIGHUP')
  await until('the mistake is told', () => /could not be reloaded/.test(sandbox.log('teud')))
  assert.equal(await output('info', '-f', '{{json .Labels}}'), '["a=2"]\n')
})
