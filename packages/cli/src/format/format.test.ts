// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { displayPorts } from '../containers/ports.ts'
import { formatBinarySize, formatSize, parseMemory } from './bytes.ts'
import { humanDuration, parseDuration } from './duration.ts'
import { escapeControl } from './escape-control.ts'
import { alignColumns } from './tab-writer.ts'
import { ellipsis, shortId } from './text.ts'

test('memory sizes', () => {
  for (const [text, bytes] of [
    ['64m', 67108864],
    ['1.5g', 1610612736],
    ['32', 32],
    ['32b', 32],
    ['32B', 32],
    ['1kb', 1024],
    ['1KiB', 1024],
    ['1 k', 1024],
    ['.5k', 512],
    ['2t', 2199023255552],
    ['1p', 1125899906842624],
  ] as const) {
    assert.equal(parseMemory(text), bytes, text)
  }
  for (const [text, message] of [
    ['x', "invalid size: 'x'"],
    ['', "invalid size: ''"],
    ['-1', "invalid size: '-1'"],
    ['32bb', "invalid suffix: 'bb'"],
    ['32kbb', "invalid suffix: 'kbb'"],
    ['32 xyzw', "invalid suffix: 'xyzw'"],
    ['1..5k', 'strconv.ParseFloat: parsing "1..5": invalid syntax'],
  ] as const) {
    assert.throws(() => parseMemory(text), { message }, text)
  }
})

test('sizes for people', () => {
  assert.deepEqual(
    [0, 999, 1000, 1e6, 4261550, 1234567890123].map((size) => formatSize(size)),
    ['0B', '999B', '1kB', '1MB', '4.262MB', '1.235TB'],
  )
  assert.deepEqual(
    [4261550, 999999, 12345, 123456789].map((size) => formatSize(size, 3)),
    ['4.26MB', '1e+03kB', '12.3kB', '123MB'],
  )
  assert.deepEqual([1024, 4123456789].map(formatBinarySize), ['1KiB', '3.84GiB'])
})

test('durations in both directions', () => {
  assert.deepEqual(['1m30s', '1.5h', '-2ms', '0', '100us', '3µs'].map(parseDuration), [
    90e9,
    5400e9,
    -2e6,
    -0 + 0,
    1e5,
    3e3,
  ])
  assert.throws(() => parseDuration('5'), { message: 'time: missing unit in duration "5"' })
  assert.throws(() => parseDuration('x'), { message: 'time: invalid duration "x"' })
  assert.throws(() => parseDuration('1y'), { message: 'time: unknown unit "y" in duration "1y"' })
  const minute = 60_000
  const hour = 60 * minute
  const day = 24 * hour
  const ages: [number, string][] = [
    [0, 'Less than a second'],
    [1000, '1 second'],
    [59_000, '59 seconds'],
    [minute, 'About a minute'],
    [59 * minute, '59 minutes'],
    [hour, 'About an hour'],
    [1.5 * hour, '2 hours'],
    [47 * hour, '47 hours'],
    [2 * day, '2 days'],
    [13 * day, '13 days'],
    [14 * day, '2 weeks'],
    [60 * day, '2 months'],
    [729 * day, '24 months'],
    [730 * day, '2 years'],
  ]
  for (const [milliseconds, text] of ages) assert.equal(humanDuration(milliseconds), text)
})

test('columns are as wide as the block they stand in', () => {
  assert.equal(
    alignColumns('A\tBB\tC\nlonger than that\tx\ty'),
    'A                  BB        C\nlonger than that   x         y',
  )
  assert.equal(alignColumns('a\tb\n\nccccccccccccc\td'), 'a         b\n\nccccccccccccc   d')
})

test('control characters are spelled out', () => {
  assert.equal(escapeControl('a\u001b[31mb\r\u0007\u009b'), 'a\\x1b[31mb\\r\\x07\\x9b')
  assert.equal(escapeControl('a\tb\nc', '\t\n'), 'a\tb\nc')
})

test('ids and long texts are cut', () => {
  assert.equal(shortId(`sha256:${'ab'.repeat(32)}`), 'abababababab')
  assert.equal(ellipsis('nginx -g daemon off;', 20), 'nginx -g daemon off;')
  assert.equal(ellipsis('nginx -g daemon off; x', 20), 'nginx -g daemon off…')
})

test('ports are grouped', () => {
  const port = (PrivatePort: number, PublicPort?: number, IP?: string) => ({
    PrivatePort,
    Type: 'tcp',
    ...(PublicPort ? { PublicPort } : {}),
    ...(IP ? { IP } : {}),
  })
  assert.equal(displayPorts([port(81), port(80), port(90)]), '80-81/tcp, 90/tcp')
  assert.equal(
    displayPorts([port(80, 80, '0.0.0.0'), port(81, 81, '0.0.0.0'), port(80, 80, '::')]),
    '0.0.0.0:80-81->80-81/tcp, [::]:80->80/tcp',
  )
  assert.equal(displayPorts([port(80, 8080, '0.0.0.0')]), '0.0.0.0:8080->80/tcp')
  assert.equal(displayPorts(null), '')
})
