// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type MonitorConfigRecord, monitorConfigLayouts, RecordReader } from '@teu/linux'
import { encodeMonitorConfig } from './monitor-config.ts'

const init = {
  bundle: '/b',
  execId: '',
  stdin: '',
  stdout: '/out',
  stderr: 'file:///log?x=1',
  terminal: false,
  loggerEnvironment: ['A=b'],
}

function decode(bytes: Uint8Array): MonitorConfigRecord[] {
  return new RecordReader<MonitorConfigRecord>(monitorConfigLayouts, 65_536).push(bytes)
}

test('a monitor is told where its files are, what the streams are, and the end', () => {
  assert.deepEqual(decode(encodeMonitorConfig(init)), [
    { kind: 'bundle', path: '/b' },
    { kind: 'files', control: 'teu/init.sock', exit: 'teu/init.exit' },
    { kind: 'stream', number: 0, type: 0, path: '' },
    { kind: 'stream', number: 1, type: 1, path: '/out' },
    { kind: 'stream', number: 2, type: 2, path: '/log' },
    { kind: 'begin', version: 1 },
  ])
  const command = { args: ['runc', 'create', 'x'], environment: ['PATH=/bin'], pidFile: '/b/init.pid' }
  const records = decode(encodeMonitorConfig({ ...init, execId: 'e', terminal: true, consoleSocket: '/s', command }))
  assert.deepEqual(records.slice(1, 2), [{ kind: 'files', control: 'teu/exec-e.sock', exit: 'teu/exec-e.exit' }])
  assert.deepEqual(records.slice(5), [
    { kind: 'terminal', socket: '/s' },
    { kind: 'runtime', ...command },
    { kind: 'begin', version: 1 },
  ])
})

test('a logging program takes both outputs', () => {
  const uri = 'binary:///bin/logger?to=here'
  const records = decode(encodeMonitorConfig({ ...init, stdout: uri, stderr: uri }))
  assert.deepEqual(records.slice(3), [
    { kind: 'stream', number: 1, type: 3, path: '/bin/logger' },
    { kind: 'stream', number: 2, type: 3, path: '/bin/logger' },
    { kind: 'logger', args: ['/bin/logger', 'to', 'here'], environment: ['A=b'] },
    { kind: 'begin', version: 1 },
  ])
})
