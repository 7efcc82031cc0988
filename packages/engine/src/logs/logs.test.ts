// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { type TestContext } from 'node:test'
import { codeOf } from '@teu/errors'
import { formatEntries } from './format-entries.ts'
import { jsonFileDriver } from './json-file/json-file-driver.ts'
import { decodeRecord } from './json-file/record.ts'
import { RecordEncoder } from './json-file/record-encoder.ts'
import { LineSplitter, maximumLine } from './line-splitter.ts'
import type { ContainerLog, LogEntry, LogReadOptions } from './log-driver.ts'

const never = new AbortController().signal

function open(t: TestContext, options: Record<string, string> = {}): { log: ContainerLog; directory: string } {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'teu-log-'))
  const log = jsonFileDriver.open({ containerId: 'c', directory, options, labels: { team: 'x' }, env: ['A=1', 'B'] })
  t.after(() => {
    log.close()
    rmSync(directory, { recursive: true, force: true })
  })
  return { log, directory }
}

async function read(log: ContainerLog, options: Partial<LogReadOptions> = {}): Promise<string[]> {
  const lines: string[] = []
  for await (const entry of log.read({ follow: false, signal: never, ...options })) lines.push(textOf(entry))
  return lines
}

const textOf = (entry: LogEntry) => Buffer.from(entry.line).toString('utf8')

test('lines are cut at newlines and at 16 KiB, and flushed at the end', () => {
  const splitter = new LineSplitter()
  const lines: string[] = []
  const take = (line: Uint8Array) => void lines.push(Buffer.from(line).toString())
  splitter.push(Buffer.from('one\ntw'), take)
  splitter.push(Buffer.from('o\n'), take)
  splitter.push(Buffer.from('x'.repeat(maximumLine + 5)), take)
  splitter.flush(take)
  splitter.flush(take)
  assert.deepEqual(lines, ['one\n', 'two\n', 'x'.repeat(maximumLine), 'xxxxx'])
})

function encodeRecord(stream: string, line: Uint8Array, time: string): string {
  let text = ''
  const encoder = new RecordEncoder(stream, time, '', (records) => {
    text += Buffer.from(records).toString()
  })
  encoder.add(line)
  encoder.finish()
  return text
}

test('records are JSON whatever the bytes are', () => {
  const many = [1, 15, 16, 17, 300, 5000, 16 * 1024].flatMap((n) => [
    '\0'.repeat(n),
    `a${'\t'.repeat(n)}b`,
    'é"'.repeat(n),
  ])
  for (const text of [
    'plain\n',
    'no end',
    'tab\tquote"back\\\n',
    'é\u2028\n',
    '\u0001\u007f\n',
    '',
    'x'.repeat(99),
    ...many,
  ]) {
    const record = encodeRecord('stderr', Buffer.from(text), '2020-01-01T00:00:00.5Z')
    assert.equal(record, `{"log":${JSON.stringify(text)},"stream":"stderr","time":"2020-01-01T00:00:00.5Z"}\n`)
    assert.equal(Buffer.from(decodeRecord(record)?.line ?? []).toString(), text)
  }
  assert.equal(JSON.parse(encodeRecord('stdout', Buffer.from([0x61, 0xff]), 't')).log, 'a\ufffd')
  assert.equal(decodeRecord('{"log":"x"'), undefined)
  assert.equal(decodeRecord('{"time":1}'), undefined)
})

test('random bytes become the text that a decoder makes of them', () => {
  const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, i) => (i * i * 31 + (i >> 3)) & (i % 3 ? 0x7f : 0xff)))
  for (const line of [bytes, bytes.subarray(0, 9), bytes.subarray(1000, 1200)])
    assert.equal(JSON.parse(encodeRecord('stdout', line, 't')).log, line.toString('utf8'))
})

test('output is kept and read back, by stream, number and time', async (t) => {
  const { log } = open(t)
  log.write('stdout', Buffer.from('a\nb\n'))
  log.write('stderr', Buffer.from('c\nrest'))
  assert.deepEqual(await read(log), ['a\n', 'b\n', 'c\n'])
  log.flush()
  assert.deepEqual(await read(log, { tail: 2 }), ['c\n', 'rest'])
  assert.deepEqual(await read(log, { tail: 0 }), [])
  assert.deepEqual(await read(log, { tail: 99 }), ['a\n', 'b\n', 'c\n', 'rest'])
  assert.deepEqual(await read(log, { since: 1n << 62n }), [])
  assert.deepEqual(await read(log, { until: 1n }), [])
})

test('files rotate within their limits and the tail goes over files', async (t) => {
  const { log, directory } = open(t, { 'max-size': '1k', 'max-file': '3' })
  for (let i = 0; i < 100; i++) log.write('stdout', Buffer.from(`line ${i}\n`))
  const files = readdirSync(directory).sort()
  assert.deepEqual(files, ['c-json.log', 'c-json.log.1', 'c-json.log.2'])
  for (const file of files) assert.ok(statSync(path.join(directory, file)).size <= 1000)
  const lines = await read(log)
  assert.equal(lines.at(-1), 'line 99\n')
  assert.ok(lines.length > 20 && lines.length < 100)
  assert.deepEqual(
    lines,
    Array.from({ length: lines.length }, (_, i) => `line ${100 - lines.length + i}\n`),
  )
  assert.deepEqual(await read(log, { tail: 20 }), lines.slice(-20))
})

test('one file alone is emptied when it is full', async (t) => {
  const { log, directory } = open(t, { 'max-size': '500', 'max-file': '1' })
  for (let i = 0; i < 50; i++) log.write('stdout', Buffer.from(`line ${i}\n`))
  assert.deepEqual(readdirSync(directory), ['c-json.log'])
  assert.equal((await read(log)).at(-1), 'line 49\n')
})

test('a follower loses nothing over rotations that outrun it', async (t) => {
  const { log } = open(t, { 'max-size': '300', 'max-file': '2' })
  log.write('stdout', Buffer.from('line 0\n'))
  const lines: string[] = []
  const following = (async () => {
    for await (const entry of log.read({ follow: true, signal: never })) {
      lines.push(textOf(entry))
      // Slower than the writer, which is through before the second line is asked for.
      if (lines.length < 5) await new Promise((resolve) => setTimeout(resolve, 2))
    }
  })()
  await new Promise((resolve) => setTimeout(resolve, 5))
  for (let i = 1; i < 200; i++) log.write('stdout', Buffer.from(`line ${i}\n`))
  log.endFollowers()
  await following
  assert.deepEqual(
    lines,
    Array.from({ length: 200 }, (_, i) => `line ${i}\n`),
  )
})

test('a follower ends when it is aborted, and when its time is over', async (t) => {
  const { log } = open(t)
  const abort = new AbortController()
  setTimeout(() => abort.abort(), 10)
  assert.deepEqual(await read(log, { follow: true, signal: abort.signal }), [])
  const until = BigInt(Date.now() + 20) * 1_000_000n
  assert.deepEqual(await read(log, { follow: true, until }), [])
})

test('a record that a crash cut off costs no other record', async (t) => {
  const { log, directory } = open(t)
  mkdirSync(directory, { recursive: true })
  appendFileSync(
    path.join(directory, 'c-json.log'),
    '{"log":"whole\\n","stream":"stdout","time":"2020-01-01T00:00:00Z"}\n{"log":"to',
  )
  log.write('stdout', Buffer.from('next\n'))
  assert.deepEqual(await read(log), ['whole\n', 'next\n'])
})

test('attributes are kept with each record and shown as details', async (t) => {
  const { log, directory } = open(t, { labels: 'team,missing', env: 'A,B' })
  log.write('stdout', Buffer.from('x\n'))
  assert.deepEqual(JSON.parse(readFileSync(path.join(directory, 'c-json.log'), 'utf8')).attrs, { team: 'x', A: '1' })
  const format = { stdout: true, stderr: true, timestamps: true, details: true, framed: false }
  const [shown] = await Array.fromAsync(formatEntries(log.read({ follow: false, signal: never }), format))
  assert.match(Buffer.from(shown as Uint8Array).toString(), /^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{9}Z A=1,team=x x\n$/)
})

test('labels-regex and env-regex add the labels and variables whose names have a match', (t) => {
  const { log, directory } = open(t, { 'labels-regex': '^(t|u)e', 'env-regex': '^[AB]$' })
  log.write('stdout', Buffer.from('x\n'))
  assert.deepEqual(JSON.parse(readFileSync(path.join(directory, 'c-json.log'), 'utf8')).attrs, { team: 'x', A: '1' })
})

test('unknown options, senseless limits and patterns that are none are refused', () => {
  const limits = [{ 'max-sizes': '1' }, { 'max-size': 'x' }, { 'max-size': '0' }, { 'max-file': '0' }]
  for (const options of [...limits, { 'labels-regex': '(' }, { 'env-regex': '(?:a{1000}){1000}' }]) {
    assert.throws(
      () => jsonFileDriver.validate(options as Record<string, string>),
      (e) => codeOf(e) === 'invalid-argument',
    )
  }
  for (const size of ['10', '10k', '1.5M', '1g', '-1', '20mb']) jsonFileDriver.validate({ 'max-size': size })
})

test('removing takes every file', (t) => {
  const { log, directory } = open(t, { 'max-size': '300', 'max-file': '4' })
  for (let i = 0; i < 50; i++) log.write('stdout', Buffer.from(`line ${i}\n`))
  log.remove()
  assert.deepEqual(readdirSync(directory), [])
})
