// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type MonitorConfigRecord, monitorConfigLayouts, RecordReader } from '@teu/linux'
import { encodeMonitorConfig, fileOf, streamOf } from './monitor-config.ts'

const init = { bundle: '/b', execId: '', stdin: '', stdout: '/out', stderr: 'file:///log?x=1', terminal: false }

function decode(bytes: Uint8Array): MonitorConfigRecord[] {
  return new RecordReader<MonitorConfigRecord>(monitorConfigLayouts, 65_536).push(bytes)
}

test('streams are FIFOs, files or nothing', () => {
  assert.deepEqual(streamOf(''), { type: 0, path: '' })
  assert.deepEqual(streamOf('/run/fifo/1'), { type: 1, path: '/run/fifo/1' })
  assert.deepEqual(streamOf('fifo:///run/fifo/1'), { type: 1, path: '/run/fifo/1' })
  assert.deepEqual(streamOf('file:///var/log/x?a=b'), { type: 2, path: '/var/log/x' })
})

test('only a file has folders that are made for it', () => {
  assert.deepEqual(['', '/run/fifo/1', 'file:///var/log/x?a=b'].map(fileOf), [undefined, undefined, '/var/log/x'])
})

test('other streams are refused before anything is made', () => {
  for (const uri of ['relative', 'binary:///bin/logger?id=1', 'fifo://host', 'npipe:////x', 'ttrpc+unix:///x', '..']) {
    assert.throws(() => streamOf(uri), { code: 'invalid-argument', message: /^unsupported stdio / }, uri)
  }
})

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
