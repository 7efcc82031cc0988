// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { isProcessRunning, parseProcessStat, readProcessStat } from './stat.ts'

const line = (command: string) =>
  `42 (${command}) S 7 8 9 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 987654321012 2 3 18446744073709551615 0`

test('a command name may hold what separates fields', () => {
  for (const command of ['sleep', 'a b', ') S 1 (', '']) {
    const stat = parseProcessStat(line(command))
    assert.deepEqual(stat, {
      pid: 42,
      command,
      state: 'S',
      parentPid: 7,
      processGroup: 8,
      session: 9,
      startTime: 987654321012n,
    })
  }
  assert.throws(() => parseProcessStat('42 sleep S'))
})

test('a process is itself only with its start time', { skip: process.platform !== 'linux' }, () => {
  const self = readProcessStat(process.pid)
  assert.ok(self)
  assert.equal(self.pid, process.pid)
  assert.equal(isProcessRunning(process.pid, self.startTime), true)
  assert.equal(isProcessRunning(process.pid, self.startTime + 1n), false)
  assert.equal(readProcessStat(0x7fff_ffff), undefined)
})
