// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { filesOf, loggerArguments, streamOf, streamsOf } from './stream-uri.ts'

const stdio = (stdout: string, stderr = '', stdin = '') => ({ stdin, stdout, stderr, terminal: false })

test('streams are FIFOs, files, programs or nothing', () => {
  assert.deepEqual(streamOf(''), { type: 0, path: '' })
  assert.deepEqual(streamOf('/run/fifo/1%20'), { type: 1, path: '/run/fifo/1%20' })
  assert.deepEqual(streamOf('fifo:///run/fifo/1'), { type: 1, path: '/run/fifo/1' })
  assert.deepEqual(streamOf('file:///var/log/x%20y?a=b'), { type: 2, path: '/var/log/x y' })
  assert.deepEqual(streamOf('binary:///bin/logger?id=1'), { type: 3, path: '/bin/logger' })
})

test('other streams are refused before anything is made', () => {
  for (const uri of ['relative', 'binary://logger?id=1', 'fifo://host', 'npipe:////x', 'ttrpc+unix:///x', '..']) {
    assert.throws(() => streamOf(uri), { code: 'invalid-argument', message: /^unsupported stdio / }, uri)
  }
  for (const uri of ['/a\0b', 'file:///a\0b', 'file:///%']) {
    assert.throws(() => streamOf(uri), { code: 'invalid-argument' }, uri)
  }
})

test('a logging program is asked with the parameters of its address, each name once', () => {
  const uri = 'binary:///bin/a%20b?x=1&y&x=2&z=%2F'
  assert.deepEqual(loggerArguments(stdio(uri)), ['/bin/a b', 'x', '1', 'y', '', 'z', '/'])
  assert.deepEqual(loggerArguments(stdio('binary:///bin/logger')), ['/bin/logger'])
  assert.equal(loggerArguments(stdio('/fifo', 'binary:///bin/logger')), undefined)
  for (const uri of ['binary:///bin/%', 'binary:///bin/x?a=%00']) {
    assert.throws(() => loggerArguments(stdio(uri)), { code: 'invalid-argument' }, uri)
  }
})

test('a logging program is for both outputs, and for no input', () => {
  assert.equal(streamsOf(stdio('binary:///l', '/other'))[2]?.type, 3)
  assert.equal(streamsOf(stdio('binary:///l'))[2]?.type, 3)
  assert.throws(() => streamsOf(stdio('/fifo', 'binary:///l')), { code: 'invalid-argument' })
  assert.throws(() => streamsOf(stdio('/fifo', '', 'binary:///l')), { code: 'invalid-argument' })
})

test('a file of standard output takes standard error too, unless that one goes nowhere', () => {
  const paths = (stdout: string, stderr: string) => streamsOf(stdio(stdout, stderr)).map(({ path }) => path)
  assert.deepEqual(paths('file:///a', 'file:///b'), ['', '/a', '/a'])
  assert.deepEqual(paths('file:///a', '/fifo'), ['', '/a', '/a'])
  assert.deepEqual(paths('file:///a', ''), ['', '/a', ''])
  assert.deepEqual(paths('/fifo', 'file:///b'), ['', '/fifo', '/b'])
})

test('a terminal has no standard error, whatever its address says', () => {
  for (const stderr of ['/run/missing', 'file:///b', 'binary:///l', 'npipe:////x', '/a\0b']) {
    const paths = streamsOf({ ...stdio('/fifo', stderr), terminal: true }).map(({ path }) => path)
    assert.deepEqual(paths, ['', '/fifo', ''])
    assert.deepEqual(filesOf({ ...stdio('/fifo', stderr), terminal: true }), [])
  }
  assert.equal(streamsOf({ ...stdio('binary:///l', '/run/missing'), terminal: true })[2]?.type, 3)
})

test('only a file has folders that are made for it', () => {
  assert.deepEqual(filesOf(stdio('/run/fifo/1')), [])
  assert.deepEqual(filesOf(stdio('file:///var/log/x?a=b', 'file:///y')), ['/var/log/x'])
  assert.deepEqual(filesOf(stdio('/run/fifo/1', 'file:///y')), ['/y'])
})
