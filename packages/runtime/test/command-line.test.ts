// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { type SpawnSyncOptions, spawn } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, readSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { openPty, waitReadable } from '@teu/linux'
import { testBesideOriginals } from '../../../scripts/originals.mjs'
import { call, programArguments, type Result, teu } from './kit/program.ts'
import { rooted } from './kit/root.ts'
import { type SpecChange, Workshop } from './kit/workshop.ts'

test('run stays in the foreground, passes input on, and ends with the status of the program', rooted, async () => {
  await using workshop = new Workshop()
  const bundle = workshop.bundle(['sh', '-c', 'tr a-z A-Z; exit 5'])
  const result = teu(workshop, ['run', '--bundle', bundle, 'c'], { stdio: 'pipe', input: 'through\n' })
  assert.deepEqual(result, { status: 5, stdout: 'THROUGH\n', stderr: '' })
  assert.deepEqual(await workshop.runtime.list(), [])
})

test('run passes signals on', rooted, async () => {
  await using workshop = new Workshop()
  const bundle = workshop.bundle(['sh', '-c', "trap 'echo got; exit 9' USR1; echo ready; while :; do sleep 0.05; done"])
  const child = spawn(process.execPath, [...programArguments, '--root', workshop.root, 'run', '--bundle', bundle, 'c'])
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
    if (chunk.includes('ready')) child.kill('SIGUSR1')
  })
  const status = await new Promise((resolve) => child.on('close', resolve))
  assert.equal(status, 9)
  assert.equal(output, 'ready\ngot\n')
})

test('run gives the program its own terminal', rooted, async () => {
  await using workshop = new Workshop()
  const bundle = workshop.bundle(['sh', '-c', 'stty size; read line; echo "<$line>"; exit 4'], (spec) => {
    spec.process.terminal = true
  })
  const { master, slave } = openPty({ size: { rows: 33, columns: 99 } })
  const child = spawn(
    process.execPath,
    [...programArguments, '--root', workshop.root, 'run', '--bundle', bundle, 'c'],
    {
      stdio: [slave, slave, slave],
    },
  )
  closeSync(slave)
  const text = readTerminal(master, 'typed\r')
  const status = await new Promise((resolve) => child.on('exit', resolve))
  assert.match(await text, /33 99\r\n[\s\S]*<typed>\r\n/)
  assert.equal(status, 4)
})

test('the life of a container by separate calls', rooted, async () => {
  await using workshop = new Workshop()
  const bundle = workshop.bundle(['sleep', '1000'])
  // The container inherits what is open: a pipe would not end before it does.
  const ignore: SpawnSyncOptions = { stdio: 'ignore' }
  assert.deepEqual(teu(workshop, ['create', '--bundle', bundle, 'c'], ignore), { status: 0, stdout: '', stderr: '' })
  assert.equal(JSON.parse(teu(workshop, ['state', 'c']).stdout).status, 'created')
  assert.equal(teu(workshop, ['start', 'c']).status, 0)
  assert.deepEqual(teu(workshop, ['exec', 'c', 'sh', '-c', 'echo out; echo err >&2; exit 6']), {
    status: 6,
    stdout: 'out\n',
    stderr: 'err\n',
  })
  assert.equal(
    teu(workshop, [
      'exec',
      '-e',
      'A=b',
      '--cwd',
      '/tmp',
      '-u',
      '1000:1001',
      'c',
      'sh',
      '-c',
      'echo $A; pwd; id -u; id -g',
    ]).stdout,
    'b\n/tmp\n1000\n1001\n',
  )
  const [pid] = JSON.parse(teu(workshop, ['ps', '-f', 'json', 'c']).stdout)
  assert.ok(existsSync(`/proc/${pid}`))
  assert.match(teu(workshop, ['list']).stdout, /^ID .*\nc +\d+ +running +/)
  assert.equal(teu(workshop, ['list', '-q']).stdout, 'c\n')
  assert.equal(teu(workshop, ['kill', 'c', 'KILL']).status, 0)
  while ((await workshop.runtime.state('c')).status !== 'stopped')
    await new Promise((resolve) => setTimeout(resolve, 5))
  assert.deepEqual(teu(workshop, ['delete', 'c']), { status: 0, stdout: '', stderr: '' })
  assert.equal(teu(workshop, ['list', '-f', 'json']).stdout, 'null\n')
})

test('ps shows the lines that the ps of the machine has for the processes of the container', rooted, async () => {
  await using workshop = new Workshop()
  const id = await workshop.running()
  const { pid } = await workshop.runtime.state(id)
  const folder = join(workshop.directory, 'programs')
  mkdirSync(folder)
  // It stands for ps(1), which not every machine has.
  const listing = `#!/bin/sh\necho "UID $* PID CMD"\nfor id in 1 ${pid} $$; do echo "root x $id a program"; done\n`
  writeFileSync(join(folder, 'ps'), listing, { mode: 0o755 })
  const withPs: SpawnSyncOptions = { env: { ...process.env, PATH: `${folder}:${process.env.PATH}` } }
  assert.deepEqual(teu(workshop, ['ps', id], withPs), {
    status: 0,
    stdout: `UID -ef PID CMD\nroot x ${pid} a program\n`,
    stderr: '',
  })
  assert.equal(teu(workshop, ['ps', id, '-o'], withPs).stdout, `UID -o PID CMD\nroot x ${pid} a program\n`)
  const without = teu(workshop, ['ps', id], { env: { ...process.env, PATH: workshop.directory } })
  assert.equal(without.status, 1)
  assert.match(without.stderr, /exec: \\?"ps\\?": executable file not found in \$PATH/)
})

test('an exec that fails by itself ends with 255', rooted, async () => {
  await using workshop = new Workshop()
  const id = await workshop.running()
  for (const args of [
    ['exec', id, 'nope'],
    ['exec', id],
    ['exec', 'nobody', 'true'],
    ['exec', '-p', '/nope', id],
  ]) {
    assert.equal(teu(workshop, args).status, 255, args.join(' '))
  }
  const file = join(workshop.directory, 'process.json')
  writeFileSync(
    file,
    JSON.stringify({ args: ['echo', 'from file'], cwd: '/', user: { uid: 0, gid: 0 }, env: ['PATH=/bin'] }),
  )
  assert.equal(teu(workshop, ['exec', '--process', file, id]).stdout, 'from file\n')
  writeFileSync(file, '{"args":"x","cwd":"/","user":{"uid":0,"gid":0}}')
  assert.match(teu(workshop, ['exec', '--process', file, id]).stderr, /process\.json: args: /)
})

test('descriptors are passed on only when asked for', rooted, async () => {
  await using workshop = new Workshop()
  // Without a pipe, whose ends the shell would hold for a moment.
  const bundle = workshop.bundle(['sh', '-c', 'ls /proc/1/fd; cat <&4; echo "$LISTEN_FDS $LISTEN_PID"'])
  const file = join(workshop.directory, 'file')
  writeFileSync(file, 'content\n')
  const descriptor = () => openSync(file, 'r')
  const stdio = ['ignore', 'pipe', 'pipe', descriptor(), descriptor()] as (number | 'ignore' | 'pipe')[]
  assert.match(
    teu(workshop, ['run', '--bundle', bundle, '--preserve-fds', '2', 'c'], { stdio }).stdout,
    /^0\n1\n2\n3\n4\ncontent\n \n$/,
  )
  stdio[4] = descriptor()
  const env = { ...process.env, LISTEN_FDS: '1' }
  assert.match(
    teu(workshop, ['run', '--bundle', bundle, '--preserve-fds', '1', 'c'], { stdio, env }).stdout,
    /^0\n1\n2\n3\n4\ncontent\n1 1\n$/,
  )
  assert.match(teu(workshop, ['run', '--bundle', bundle, 'c'], { stdio }).stdout, /^0\n1\n2\n/)
  // An exec is activated as well, by the number that it has in the container.
  const id = await workshop.running()
  const listener = 'cat <&3; cat <&4; test "$LISTEN_PID" = $$ && test $$ != 1 && echo "$LISTEN_FDS"'
  stdio.splice(3, 2, descriptor(), descriptor())
  const exec = ['exec', '--preserve-fds', '1', id, 'sh', '-c', listener]
  assert.equal(teu(workshop, exec, { stdio, env }).stdout, 'content\ncontent\n1\n')
  const missing = teu(workshop, ['run', '--bundle', bundle, '--preserve-fds', '9', 'c'], { stdio })
  assert.match(missing.stderr, /unable to stat preserved-fd \d \(of 9\): stat \/proc\/self\/fd\/\d+: no such file/)
})

test('errors go to the log in its format, and to standard error', rooted, async () => {
  await using workshop = new Workshop()
  const log = join(workshop.directory, 'log')
  const result = teu(workshop, ['--log', log, '--log-format', 'json', 'state', 'nobody'])
  assert.deepEqual(result, { status: 1, stdout: '', stderr: 'container does not exist\n' })
  const line = JSON.parse(readFileSync(log, 'utf8'))
  assert.equal(line.level, 'error')
  assert.equal(line.msg, 'container does not exist')
  assert.match(line.time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  const text = teu(workshop, ['state', 'nobody'])
  assert.match(text.stderr, /^time="[^"]+" level=error msg="container does not exist"\n$/)
  assert.equal(teu(workshop, ['--systemd-cgroup=false', 'list']).status, 0)
})

test('spec writes a bundle that runs, and overwrites nothing', rooted, async () => {
  await using workshop = new Workshop()
  const bundle = join(workshop.directory, 'new')
  mkdirSync(bundle)
  assert.equal(teu(workshop, ['spec', '--bundle', bundle]).status, 0)
  const spec = JSON.parse(readFileSync(join(bundle, 'config.json'), 'utf8'))
  assert.equal(spec.root.readonly, true)
  assert.deepEqual(spec.process.args, ['sh'])
  const again = teu(workshop, ['spec', '--bundle', bundle])
  assert.match(again.stderr, /File config\.json exists\. Remove it first/)
  assert.equal(again.status, 1)
})

test('a config.json that is wrong is refused with the name of what is wrong', rooted, async () => {
  await using workshop = new Workshop()
  const bundle = workshop.bundle(['true'])
  const file = join(bundle, 'config.json')
  const good = readFileSync(file, 'utf8')
  type Parts = Record<'process' | 'linux' | 'root', object>
  const wrong: [change: (spec: Parts) => unknown, message: RegExp][] = [
    [(spec) => Object.assign(spec, { ociVersion: 1 }), /ociVersion: /],
    [(spec) => Object.assign(spec, { mounts: {} }), /mounts: /],
    [(spec) => Object.assign(spec.process, { args: 'x' }), /process\.args: /],
    [(spec) => Object.assign(spec.linux, { namespaces: [{ type: 'usr' }] }), /linux\.namespaces\[0\]\.type: /],
    [(spec) => Object.assign(spec.root, { path: 'nope' }), /invalid rootfs: stat .*nope: no such file or directory/],
  ]
  for (const [change, message] of wrong) {
    const spec = JSON.parse(good)
    change(spec)
    writeFileSync(file, JSON.stringify(spec))
    const result = teu(workshop, ['create', '--bundle', bundle, 'c'])
    assert.equal(result.status, 1)
    assert.match(result.stderr, message)
  }
  writeFileSync(file, '{')
  assert.match(teu(workshop, ['create', '--bundle', bundle, 'c']).stderr, /config\.json: /)
  assert.deepEqual(await workshop.runtime.list(), [])
})

const runc = existsSync('/usr/sbin/runc') ? '/usr/sbin/runc' : '/usr/bin/runc'

testBesideOriginals('failures have the words and the status of runc', rooted, async () => {
  await using workshop = new Workshop()
  const change = (args: string[], more: SpecChange = () => {}): string =>
    workshop.bundle(args, (spec) => {
      // runc 1.1 knows 1.0.
      spec.ociVersion = '1.0.2'
      more(spec)
    })
  const bundles = [
    change(['nope']),
    change(['/nope']),
    change(['/etc/passwd']),
    change(['sh', '-c', 'exit 7']),
    change(['sh', '-c', 'kill -9 $$']),
    change(['true'], (spec) => {
      spec.process.cwd = '/etc/passwd'
    }),
    change(['true'], (spec) => {
      spec.mounts.push({ destination: '/x', type: 'bind', source: '/nope', options: ['bind'] })
    }),
    change(['true'], (spec) => {
      spec.linux.sysctl = { 'kernel.core_pattern': 'x' }
    }),
    change(['true'], (spec) => {
      spec.hooks = { createRuntime: [{ path: '/bin/false' }] }
    }),
  ]
  for (const bundle of bundles) {
    const [theirs, ours] = [
      compare(call(runc, ['--root', join(workshop.directory, 'runc'), 'run', '--bundle', bundle, 'c'], {})),
      compare(teu(workshop, ['run', '--bundle', bundle, 'c'])),
    ]
    assert.deepEqual(ours, theirs)
  }
  for (const args of [
    ['state', 'x'],
    ['start', 'x'],
    ['kill', 'x'],
    ['delete', 'x'],
    ['delete', '-f', 'x'],
    ['exec', 'x', 'y'],
    ['ps', 'x'],
    ['pause', 'x'],
    ['list'],
    ['nope'],
  ]) {
    const theirs = call(runc, ['--root', join(workshop.directory, 'runc'), ...args], {})
    assert.deepEqual(compare(teu(workshop, args)), compare(theirs), args.join(' '))
  }
})

function compare({ status, stdout, stderr }: Result): Result {
  const plain = stderr
    .replaceAll(/time="[^"]*" /g, '')
    .replaceAll(/(teu-runtime|runc) run failed/g, 'run failed')
    .replaceAll('\\n', '')
  return { status, stdout, stderr: plain }
}

async function readTerminal(master: number, answer: string): Promise<string> {
  const buffer = Buffer.alloc(4096)
  let text = ''
  let answered = false
  try {
    for (;;) {
      await waitReadable(master, { timeoutMs: 20_000 })
      text += buffer.toString('utf8', 0, readSync(master, buffer))
      if (!answered && /33 99\r\n/.test(text)) {
        answered = true
        writeSync(master, answer)
      }
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EIO') throw error
    return text
  } finally {
    closeSync(master)
  }
}
