// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { commands } from './catalogue.ts'
import { errorText } from './error-text.ts'
import { cgroupFromOptions, processFromOptions } from './exec-process.ts'
import { formatTable } from './list.ts'
import { formatLine } from './log.ts'
import { checkArguments, durationOption, parseLine, UsageError } from './parse.ts'
import { selectProcesses } from './ps.ts'
import { parseSignal } from './signal.ts'
import { resourcesFromOptions } from './update.ts'

const options = {
  force: { type: 'boolean', short: 'f', help: '' },
  bundle: { type: 'string', short: 'b', help: '' },
  env: { type: 'string', short: 'e', multiple: true, help: '' },
} as const

test('options stand before and behind arguments, in every spelling', () => {
  for (const line of ['--bundle x --force id', 'id -f -b x', '--bundle=x --force=true id', '-bundle x -force id']) {
    const { options: values, positionals } = parseLine(line.split(' '), options, false)
    assert.deepEqual({ ...values }, { bundle: 'x', force: true }, line)
    assert.deepEqual(positionals, ['id'], line)
  }
  assert.equal(parseLine(['--force=false'], options, false).options.force, undefined)
})

test('what belongs to the program to run is left alone', () => {
  const { options: values, positionals } = parseLine(
    ['-e', 'A=1', '-e', 'B=2', 'id', 'ls', '-f', '--', '-bundle'],
    options,
    true,
  )
  assert.deepEqual({ ...values }, { env: ['A=1', 'B=2'] })
  assert.deepEqual(positionals, ['id', 'ls', '-f', '--', '-bundle'])
  assert.deepEqual(parseLine(['-f', '--', '-x'], options, true).positionals, ['-x'])
})

test('an option takes the next word whatever it begins with', () => {
  for (const line of ['--bundle -1 id', '-b -1 id', '-bundle -1 id', '--bundle=-1 id']) {
    const { options: values, positionals } = parseLine(line.split(' '), options, false)
    assert.deepEqual({ ...values }, { bundle: '-1' }, line)
    assert.deepEqual(positionals, ['id'], line)
  }
  assert.deepEqual({ ...parseLine(['-e', '--force', 'id', '-e'], options, true).options }, { env: ['--force'] })
})

test('durations are read as the original reads them', () => {
  const read = (text: string) => durationOption({ interval: text }, 'interval', 1)
  const known = { '5s': 5000, '1m30s': 90_000, '1.5h': 5_400_000, '100ms': 100, '0': 0, '-1s': -1000, '+2us': 0.002 }
  for (const [text, milliseconds] of Object.entries(known)) assert.equal(read(text), milliseconds, text)
  assert.equal(durationOption({}, 'interval', 7), 7)
  for (const text of ['5', 's', '1x', '1s2', '1 s', '--1s', '1e3s'])
    assert.throws(() => read(text), { message: `invalid value "${text}" for flag -interval: parse error` })
})

test('a line that cannot be understood is a usage error', () => {
  assert.throws(() => parseLine(['--nope'], options, false), { message: 'flag provided but not defined: -nope' })
  assert.throws(
    () => parseLine(['--bundle'], options, false),
    (error) => error instanceof UsageError,
  )
})

test('commands check how many arguments they get', async () => {
  const start = await commands.start?.load()
  const kill = await commands.kill?.load()
  assert.ok(start && kill)
  assert.throws(() => checkArguments(start, []), { message: 'teu-runtime: "start" requires exactly 1 argument(s)' })
  assert.throws(() => checkArguments(kill, []), /a minimum of 1 argument/)
  assert.throws(() => checkArguments(kill, ['a', '9', 'b']), /a maximum of 2 argument/)
  checkArguments(kill, ['a', '9'])
})

test('every command loads under its name, with the summary of the list', async () => {
  for (const [name, { load, summary }] of Object.entries(commands)) {
    const command = await load()
    assert.equal(command.name, name)
    assert.ok(summary.length > 0)
  }
})

test('signals are numbers and names in every spelling', () => {
  const known = { '9': 9, KILL: 9, SIGKILL: 9, kill: 9, sigterm: 15, '0': 0, 'RTMIN+3': 37, 'SIGRTMAX-1': 63, '64': 64 }
  for (const [text, number] of Object.entries(known)) assert.equal(parseSignal(text), number, text)
  for (const text of ['', 'NOPE', '65', '-1', '1e1', ' 9', 'RTMIN+40', 'SIG'])
    assert.throws(() => parseSignal(text), text)
})

test('log lines have the two formats', () => {
  const time = new Date('2020-01-02T03:04:05.678Z')
  const json = '{"level":"error","msg":"a \\"b\\"","time":"2020-01-02T03:04:05Z"}\n'
  assert.equal(formatLine('json', 'error', 'a "b"', time), json)
  assert.equal(formatLine('text', 'warning', 'a', time), 'time="2020-01-02T03:04:05Z" level=warning msg="a"\n')
})

test('system errors read as call, path and reason', () => {
  const error = Object.assign(new Error("ENOENT: no such file or directory, open '/x'"), {
    code: 'ENOENT',
    syscall: 'open',
    path: '/x',
  })
  assert.equal(errorText(error), 'open /x: no such file or directory')
  assert.equal(errorText(new Error('two\nlines')), 'two lines')
})

test('the table of containers has the columns of the original', () => {
  assert.equal(formatTable([]), 'ID          PID         STATUS      BUNDLE      CREATED     OWNER\n')
  const state = {
    ociVersion: '1.0.0',
    id: 'a-long-container-id',
    pid: 1,
    status: 'running',
    bundle: '/b',
    rootfs: '/r',
    created: 'T',
    owner: 'root',
  } as const
  const [, line] = formatTable([state]).split('\n')
  assert.equal(line, 'a-long-container-id   1           running     /b          T           root')
})

test('only the processes of the container are shown', () => {
  const output = 'UID   PID CMD\nroot    1 init\nroot   10 sh\nroot  110 x\n'
  assert.equal(selectProcesses(output, [10]), 'UID   PID CMD\nroot   10 sh\n')
  assert.throws(() => selectProcesses('CMD\n', [1]), /couldn't find PID field/)
})

test('a user of exec is digits in the range of ids, and nothing else', () => {
  const own = { user: { uid: 5, gid: 6, additionalGids: [7] }, args: ['x'], cwd: '/' }
  const user = (text: string) => processFromOptions(own, ['a'], { user: text }).user
  assert.deepEqual(user('1'), { uid: 1, gid: 6, additionalGids: [7] })
  assert.deepEqual(user('1:2'), { uid: 1, gid: 2, additionalGids: [7] })
  assert.deepEqual(processFromOptions(own, ['a'], {}).user, own.user)
  for (const text of ['root', '2147483648', '4294967296', '-1', '+0', '0x0', ' 0', '1:', '1:99999999999', '1:2:3']) {
    assert.throws(() => user(text), text)
  }
})

test('capabilities of exec are added, and never inheritable', () => {
  const own = { user: { uid: 0, gid: 0 }, cwd: '/', capabilities: { bounding: ['CAP_KILL'] } }
  assert.deepEqual(processFromOptions(own, ['a'], { cap: ['CAP_CHOWN'] }).capabilities, {
    bounding: ['CAP_KILL', 'CAP_CHOWN'],
    effective: ['CAP_CHOWN'],
    permitted: ['CAP_CHOWN'],
    ambient: [],
    inheritable: [],
  })
})

test('sub-cgroups of exec stay below the container', () => {
  assert.equal(cgroupFromOptions({}), undefined)
  assert.deepEqual(cgroupFromOptions({ cgroup: ['cpu,pids:/a', 'memory:b'] }), { cpu: '/a', pids: '/a', memory: 'b' })
  assert.deepEqual(cgroupFromOptions({ cgroup: ['b'] }), { '': 'b' })
  assert.throws(() => cgroupFromOptions({ cgroup: ['cpu:/a', 'b'] }), /argument: b \(missing <controller>: prefix\)/)
  assert.throws(() => cgroupFromOptions({ cgroup: ['a:b:c'] }), /invalid --cgroup argument: a:b:c/)
  assert.throws(() => cgroupFromOptions({ cgroup: ['../x'] }), /is not a sub cgroup path/)
})

test('limits from options are whole numbers', () => {
  const resources = resourcesFromOptions({ memory: '1024', 'pids-limit': '-1', 'cpuset-cpus': '0-1' })
  assert.deepEqual(resources, { memory: { limit: 1024 }, cpu: { cpus: '0-1' }, pids: { limit: -1 }, blockIO: {} })
  assert.throws(() => resourcesFromOptions({ 'pids-limit': '1k' }), /invalid value for pids-limit: 1k/)
  const memory = (value: string) => resourcesFromOptions({ memory: value }).memory?.limit
  const sizes = { '64m': 64 << 20, '1.5G': 1.5 * 2 ** 30, '2KiB': 2048, '7b': 7, '1 kb': 1024, '-1': -1 }
  for (const [text, bytes] of Object.entries(sizes)) assert.equal(memory(text), bytes, text)
  for (const text of ['m', '-2', '1x', '9999999p', '1e3', ''.padEnd(20, '9')])
    assert.throws(() => memory(text), { message: `invalid value for memory: invalid size: '${text}'` })
  assert.throws(() => resourcesFromOptions({ 'l3-cache-schema': 'L3:0=f' }), { code: 'not-implemented' })
})

test('what is not offered says so', async () => {
  for (const name of ['checkpoint', 'restore']) {
    const command = await commands[name]?.load()
    await assert.rejects(async () => command?.run({ positionals: [] } as never), {
      message: `${name} is not supported: this runtime does not work with CRIU`,
      code: 'not-implemented',
    })
  }
})
