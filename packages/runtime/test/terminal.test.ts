// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { ConsoleSocket, readTerminal } from './kit/console-socket.ts'
import { rooted } from './kit/root.ts'
import { Workshop } from './kit/workshop.ts'

test(
  'a terminal goes to the console socket with its name, has its size and is the controlling one',
  rooted,
  async () => {
    await using workshop = new Workshop()
    using console = new ConsoleSocket(workshop)
    const script =
      'stty size; ls -l /dev/console | cut -c1; echo x > /dev/tty; [ -t 0 ] && [ -t 1 ] && [ -t 2 ] && echo all'
    const bundle = workshop.bundle(['sh', '-c', script], (spec) => {
      spec.process.terminal = true
      spec.process.consoleSize = { width: 91, height: 17 }
      spec.process.env = ['PATH=/bin', 'TERM=dumb']
    })
    const { exited } = await workshop.runtime.create('tty', { bundle, consoleSocket: console.path })
    const { name, master } = await console.receive()
    assert.equal(name, '/dev/ptmx')
    await workshop.runtime.start('tty')
    assert.equal(await readTerminal(master), '17 91\r\nc\r\nx\r\nall\r\n')
    assert.deepEqual(await exited, { exitCode: 0 })
  },
)

test('an exec has a terminal of its own', rooted, async () => {
  await using workshop = new Workshop()
  using console = new ConsoleSocket(workshop)
  const id = await workshop.running()
  const { exited } = await workshop.runtime.exec(id, {
    process: {
      args: ['sh', '-c', 'tty=$(readlink /proc/self/fd/0); echo $tty; stty size'],
      terminal: true,
      consoleSize: { width: 50, height: 10 },
    },
    consoleSocket: console.path,
  })
  const { master } = await console.receive()
  assert.equal(await readTerminal(master), '/dev/pts/0\r\n10 50\r\n')
  assert.deepEqual(await exited, { exitCode: 0 })
})

test('a terminal and a console socket go together', rooted, async () => {
  await using workshop = new Workshop()
  const withTerminal = workshop.bundle(['true'], (spec) => {
    spec.process.terminal = true
  })
  const { runtime } = workshop
  await assert.rejects(runtime.create('a', { bundle: withTerminal }), {
    message: 'cannot allocate tty if runc will detach without setting console socket',
  })
  await assert.rejects(runtime.create('a', { bundle: workshop.bundle(['true']), consoleSocket: '/x' }), {
    message: 'cannot use console socket if runc will not detach or allocate tty',
  })
  const missing = join(workshop.directory, 'nobody')
  await assert.rejects(
    runtime.create('a', { bundle: withTerminal, consoleSocket: missing }),
    /connect to .*nobody: no such file/,
  )
  const long = join(workshop.directory, 'x'.repeat(120))
  await assert.rejects(
    runtime.create('a', { bundle: withTerminal, consoleSocket: long }),
    /connect to .*: file name too long/,
  )
})
