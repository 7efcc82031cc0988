// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { containerStatuses } from '@teu/engine-api'
import { codeOf } from '@teu/errors'
import { checkName, inventName } from './container-name.ts'
import { canMove, hasProcess, statusAfter } from './container-state.ts'
import { checkCreate } from './create-checks.ts'
import { durationText } from './duration-text.ts'
import { ExitSignal } from './exit-signal.ts'
import { completeHostConfig } from './host-config-defaults.ts'
import { restartPause, startsWithEngine } from './restart-policy.ts'
import { parseSignal } from './signals.ts'
import { parseProcesses } from './top.ts'
import { Turns } from './turns.ts'

const invalid = (error: unknown) => codeOf(error) === 'invalid-argument'

test('a container moves only where its state allows', () => {
  assert.equal(statusAfter('created', 'start'), 'running')
  assert.equal(statusAfter('paused', 'exit'), 'exited')
  assert.equal(statusAfter('dead', 'remove'), 'removing')
  assert.throws(
    () => statusAfter('running', 'remove'),
    (e) => codeOf(e) === 'conflict',
  )
  assert.throws(
    () => statusAfter('exited', 'pause'),
    (e) => codeOf(e) === 'conflict',
  )
  for (const status of containerStatuses)
    assert.equal(canMove(status, 'exit'), hasProcess(status) || status === 'restarting')
})

test('signals are numbers or names', () => {
  for (const [text, number] of [
    ['9', 9],
    ['KILL', 9],
    ['sigterm', 15],
    ['SIGRTMIN+3', 37],
    ['rtmax-1', 63],
  ] as const) {
    assert.equal(parseSignal(text), number)
  }
  for (const text of ['0', '65', 'FOO', '', '-9', '1.5', 'RTMIN+31', 'constructor']) {
    assert.throws(() => parseSignal(text), /invalid signal: /, text)
  }
})

test('names are those that the original takes', () => {
  assert.equal(checkName('/web.1_a-b'), 'web.1_a-b')
  for (const name of ['a', '-a', '../x', 'a/b', 'a b', 'é1']) assert.throws(() => checkName(name), invalid, name)
  const taken = new Set<string>()
  for (let i = 0; i < 2000; i++) {
    const name = inventName((candidate) => taken.has(candidate))
    assert.ok(!taken.has(name))
    assert.equal(checkName(name), name)
    taken.add(name)
  }
})

test('durations read as in the original', () => {
  const rows: [number, string][] = [
    [0, 'Less than a second'],
    [1000, '1 second'],
    [59_999, '59 seconds'],
    [60_000, 'About a minute'],
    [3_599_000, '59 minutes'],
    [3_600_000, 'About an hour'],
    [47 * 3_600_000, '47 hours'],
    [48 * 3_600_000, '2 days'],
    [14 * 86_400_000, '2 weeks'],
    [60 * 86_400_000, '2 months'],
    [800 * 86_400_000, '2 years'],
  ]
  for (const [milliseconds, text] of rows) assert.equal(durationText(milliseconds), text)
})

test('a restart policy restarts what it should, with growing pauses', () => {
  const run = { exitCode: 1, stoppedByUser: false, restartCount: 0, duration: 50 }
  assert.equal(restartPause({ Name: 'no' }, run), undefined)
  assert.equal(restartPause({ Name: 'always' }, run), 100)
  assert.equal(restartPause({ Name: 'always' }, { ...run, restartCount: 3 }), 800)
  assert.equal(restartPause({ Name: 'always' }, { ...run, restartCount: 99 }), 60_000)
  assert.equal(restartPause({ Name: 'always' }, { ...run, restartCount: 99, duration: 20_000 }), 100)
  assert.equal(restartPause({ Name: 'always' }, { ...run, stoppedByUser: true }), undefined)
  assert.equal(restartPause({ Name: 'on-failure' }, { ...run, exitCode: 0 }), undefined)
  assert.equal(restartPause({ Name: 'on-failure', MaximumRetryCount: 2 }, { ...run, restartCount: 2 }), undefined)
  assert.equal(startsWithEngine({ Name: 'always' }, true), true)
  assert.equal(startsWithEngine({ Name: 'unless-stopped' }, true), false)
})

test('whoever waits is told of the next end, and of the removal', async () => {
  const exits = new ExitSignal()
  const first = exits.nextExit
  exits.exited({ exitCode: 3 })
  const second = exits.nextExit
  exits.exited({ exitCode: 4 })
  assert.deepEqual(await Promise.all([first, second]), [{ exitCode: 3 }, { exitCode: 4 }])
  const removal = exits.removal
  exits.removed({ exitCode: 4 })
  assert.deepEqual(await removal, { exitCode: 4 })
})

test('turns are taken in order, also after one that failed', async () => {
  const turns = new Turns()
  const order: number[] = []
  const first = turns.take(async () => {
    await new Promise((resolve) => setTimeout(resolve, 10))
    order.push(1)
    throw new Error('first')
  })
  const second = turns.take(async () => order.push(2))
  await assert.rejects(first, /first/)
  await second
  assert.deepEqual(order, [1, 2])
})

test('ps output is cut down to the container, the command kept whole', () => {
  const output = 'UID   PID  PPID CMD\nroot    1     0 init\nroot   42     1 sh -c  a b\n'
  assert.deepEqual(parseProcesses(output, new Set(['42'])), {
    Titles: ['UID', 'PID', 'PPID', 'CMD'],
    Processes: [['root', '42', '1', 'sh -c a b']],
  })
  assert.throws(() => parseProcesses('UID CMD\n', new Set()), /Couldn't find PID field/)
})

test("what no container can be made from is refused with the original's texts", () => {
  const bad: [object, object, RegExp][] = [
    [{ Env: ['=x'] }, {}, /invalid environment variable/],
    [{ Env: ['A=\0'] }, {}, /invalid environment variable/],
    [{ Hostname: 'a\nb' }, {}, /invalid hostname/],
    [{ WorkingDir: 'x' }, {}, /needs to be an absolute path/],
    [{ StopSignal: 'FOO' }, {}, /invalid signal: FOO/],
    [{}, { RestartPolicy: { Name: 'sometimes' } }, /invalid restart policy: unknown policy 'sometimes'/],
    [{}, { RestartPolicy: { Name: 'no', MaximumRetryCount: 1 } }, /can only be used with 'on-failure'/],
    [
      {},
      { AutoRemove: true, RestartPolicy: { Name: 'always' } },
      /can't create 'AutoRemove' container with restart policy/,
    ],
    [{}, { LogConfig: { Type: 'syslogd' } }, /no log driver named 'syslogd' is registered/],
    [{}, { LogConfig: { Type: 'json-file', Config: { 'max-sise': '1' } } }, /unknown log opt 'max-sise' for json-file/],
    [{}, { Annotations: { '': 'x' } }, /empty string is not permitted/],
  ]
  for (const [config, hostConfig, text] of bad) assert.throws(() => checkCreate(config, hostConfig), text)
  checkCreate(
    { Env: ['A=1', 'B'], StopSignal: 'SIGRTMIN+3' },
    { RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 3 } },
  )
})

test('a host config is completed by what the original shows', () => {
  const settings = {
    logConfig: { Type: 'json-file', Config: { 'max-size': '1m' } },
    defaultShmSize: 64,
    defaultRuntime: 'r',
  }
  const host = { cgroupVersion: 1, cpus: 2 } as const
  const complete = completeHostConfig({ Memory: 100, LogConfig: { Config: { 'max-file': '2' } } }, settings, host)
  assert.equal(complete.MemorySwap, 200)
  assert.equal(complete.NetworkMode, 'bridge')
  assert.equal(complete.CgroupnsMode, 'host')
  assert.equal(complete.Runtime, 'r')
  assert.deepEqual(complete.LogConfig, { Type: 'json-file', Config: { 'max-size': '1m', 'max-file': '2' } })
  assert.deepEqual(complete.RestartPolicy, { Name: 'no', MaximumRetryCount: 0 })
  assert.ok(complete.MaskedPaths?.includes('/proc/kcore'))
  assert.equal(completeHostConfig({ Privileged: true }, settings, host).MaskedPaths, null)
})
