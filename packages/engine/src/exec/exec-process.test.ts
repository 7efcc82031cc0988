// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { execProcess } from './exec-process.ts'

const own = {
  args: ['sh'],
  cwd: '/srv',
  terminal: true,
  consoleSize: { height: 1, width: 1 },
  env: ['PATH=/bin', 'A=1'],
  user: { uid: 7, gid: 8, additionalGids: [8] },
  capabilities: { bounding: ['CAP_KILL'] },
  noNewPrivileges: true,
}

test("an exec is the container's process with the request over it", () => {
  const process = execProcess({
    container: own,
    request: { Cmd: ['ls', '-l'], Env: ['A=2', 'B=3', 'PATH'], WorkingDir: '/tmp' },
    tty: false,
    user: undefined,
    allCapabilities: [],
  })
  assert.deepEqual(process, {
    args: ['ls', '-l'],
    cwd: '/tmp',
    env: ['A=2', 'B=3'],
    user: own.user,
    capabilities: own.capabilities,
    noNewPrivileges: true,
  })
})

test('a terminal has its size, privileges give every capability to root alone', () => {
  const base = { container: own, request: { Cmd: ['sh'], Privileged: true }, tty: true, allCapabilities: ['CAP_X'] }
  const root = { uid: 0, gid: 0, additionalGids: [0], home: '/root' }
  const process = execProcess({ ...base, consoleSize: [24, 80], user: root })
  assert.equal(process.terminal, true)
  assert.deepEqual(process.consoleSize, { height: 24, width: 80 })
  assert.deepEqual(process.capabilities, { bounding: ['CAP_X'], effective: ['CAP_X'], permitted: ['CAP_X'] })
  assert.ok(process.env?.includes('TERM=xterm'))
  assert.deepEqual(execProcess({ ...base, user: undefined }).capabilities, { bounding: ['CAP_X'] })
})
