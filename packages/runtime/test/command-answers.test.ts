// SPDX-License-Identifier: Apache-2.0
// The answers of single commands.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { closeSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { openPty } from '@teu/linux'
import { readTerminal } from './kit/console-socket.ts'
import { programArguments, teu } from './kit/program.ts'
import { rooted } from './kit/root.ts'
import { Workshop } from './kit/workshop.ts'

test('exec -t in the foreground gives the program a terminal and passes everything on', rooted, async () => {
  await using workshop = new Workshop()
  const id = await workshop.running()
  const { master, slave } = openPty({ size: { rows: 33, columns: 99 } })
  const script = '[ -t 0 ] && [ -t 1 ] && [ -t 2 ] && stty size; sleep 0.2; echo late; exit 6'
  const line = ['--root', workshop.root, 'exec', '-t', id, 'sh', '-c', script]
  const child = spawn(process.execPath, [...programArguments, ...line], { stdio: [slave, slave, slave] })
  closeSync(slave)
  const ended = new Promise((resolve) => child.on('exit', resolve))
  assert.equal(await readTerminal(master), '33 99\r\nlate\r\n')
  assert.equal(await ended, 6)
  const plain = teu(workshop, ['exec', '--tty', id, 'sh', '-c', 'tty; exit 3'])
  assert.deepEqual([plain.status, plain.stderr], [3, ''])
})

test('exec refuses a sub-cgroup of a controller that there is not', rooted, async () => {
  await using workshop = new Workshop()
  const id = await workshop.running()
  for (const cgroup of ['unknown:/', 'unknown,other:/x']) {
    const { status, stderr } = teu(workshop, ['exec', '--cgroup', cgroup, id, 'true'])
    assert.equal(status, 255)
    assert.match(stderr, /exec failed: .*unknown controller unknown in SubCgroupPaths/)
  }
  assert.equal(teu(workshop, ['exec', '--cgroup', '/', id, 'true']).status, 0)
})

test('--debug logs what is done, to the log that there is', rooted, async () => {
  await using workshop = new Workshop()
  const bundle = workshop.bundle(['true'])
  const quiet = teu(workshop, ['run', '--bundle', bundle, 'c'])
  assert.deepEqual([quiet.status, quiet.stderr], [0, ''])
  const loud = teu(workshop, ['--debug', 'run', '--bundle', bundle, 'c'])
  assert.equal(loud.status, 0)
  for (const line of loud.stderr.trim().split('\n')) assert.match(line, /^time="[^"]+" level=debug msg="/)
  assert.match(loud.stderr, /msg="run c"\n[\s\S]*made the cgroup [\s\S]*launch program of [\s\S]*init: ready/)
  const log = join(workshop.directory, 'log')
  const filed = teu(workshop, ['--debug', '--log', log, '--log-format', 'json', 'run', '--bundle', bundle, 'c'])
  assert.deepEqual([filed.status, filed.stderr], [0, ''])
  for (const line of readFileSync(log, 'utf8').trim().split('\n')) assert.equal(JSON.parse(line).level, 'debug')
})

test('checkpoint and restore have a help', rooted, async () => {
  await using workshop = new Workshop()
  for (const command of ['checkpoint', 'restore']) {
    for (const flag of ['-h', '--help']) {
      const { status, stdout } = teu(workshop, [command, flag])
      assert.equal(status, 0)
      assert.ok(stdout.startsWith(`NAME:\n   teu-runtime ${command} - not supported\n`), stdout)
    }
    assert.equal(teu(workshop, [command, 'c']).status, 1)
  }
})

test('spec has a cgroup namespace on a unified hierarchy only', rooted, async () => {
  await using workshop = new Workshop()
  for (const options of [[], ['--rootless']]) {
    const bundle = workshop.bundle(['true'])
    const config = join(bundle, 'rootfs/tmp')
    assert.equal(teu(workshop, ['spec', ...options], { cwd: config }).status, 0)
    const { linux } = JSON.parse(readFileSync(join(config, 'config.json'), 'utf8'))
    const types = linux.namespaces.map(({ type }: { type: string }) => type)
    assert.equal(types.includes('cgroup'), existsSync('/sys/fs/cgroup/cgroup.controllers'))
    assert.ok(types.includes('mount'))
  }
})
