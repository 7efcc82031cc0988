// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import type { HostConfig } from '@teu/engine-api'
import { parseBind } from './bind-syntax.ts'
import { requestedMounts } from './requested-mounts.ts'
import { tmpfsOptions, tmpfsWords } from './tmpfs-options.ts'

test('binds name a path or a volume', () => {
  const shape = (text: string) => {
    const point = parseBind(text)
    const source = point.type === 'bind' ? point.source : point.name
    const rest = point.type === 'bind' ? point.propagation : point.noCopy
    return [point.type, source, point.target, point.readOnly, rest]
  }
  assert.deepEqual(shape('/a:/b'), ['bind', '/a', '/b', false, 'rprivate'])
  assert.deepEqual(shape('/a/../c:/b/./d/:ro,rslave'), ['bind', '/c', '/b/d', true, 'rslave'])
  assert.deepEqual(shape('/a:/b:z,rw,cached'), ['bind', '/a', '/b', false, 'rprivate'])
  assert.deepEqual(shape('data:/b:nocopy'), ['volume', 'data', '/b', false, true])
  assert.deepEqual(shape('/b'), ['volume', '', '/b', false, false])
})

const refused: [string, RegExp][] = [
  ['', /invalid volume specification: ''/],
  ['/a:/b:ro:x', /invalid volume specification/],
  [':/b', /invalid volume specification/],
  ['/a:', /invalid volume specification/],
  ['/a:b', /invalid mount path: 'b' mount path must be absolute/],
  ['/a:/', /destination can't be '\/'/],
  ['/a:/x/..', /destination can't be '\/'/],
  ['/a:/b:ro,rw', /invalid mode: ro,rw/],
  ['/a:/b:what', /invalid mode: what/],
  ['/a:/b:nocopy', /invalid mode: nocopy/],
  ['data:/b:rslave', /invalid mode: rslave/],
  ['da/ta:/b', /includes invalid characters for a local volume name/],
  ['../data:/b', /includes invalid characters/],
]

for (const [text, message] of refused) {
  test(`bind ${JSON.stringify(text)} is refused`, () => {
    assert.throws(() => parseBind(text), { code: 'invalid-argument', message })
  })
}

test('tmpfs options: defaults, and whatever is given over them', () => {
  assert.deepEqual(tmpfsOptions([]), ['noexec', 'nosuid', 'nodev', 'rprivate'])
  assert.deepEqual(tmpfsOptions(['exec', 'size=1m', 'size=2m']), ['exec', 'nosuid', 'nodev', 'rprivate', 'size=2m'])
  assert.throws(() => tmpfsOptions(['lowerdir=/etc']), { code: 'invalid-argument' })
  assert.deepEqual(tmpfsWords({ SizeBytes: 3 << 20, Mode: 0o1770 }, true), ['ro', 'mode=1770', 'size=3m'])
  assert.deepEqual(tmpfsWords({ SizeBytes: 1500 }, false), ['size=1500'])
  assert.throws(() => tmpfsWords({ SizeBytes: -1 }, false), { code: 'invalid-argument' })
})

const requests: [HostConfig, RegExp][] = [
  [{ Mounts: [{ Type: 'bind', Target: '/a' }] }, /field Source must not be empty/],
  [{ Mounts: [{ Type: 'bind', Source: '/a' }] }, /field Target must not be empty/],
  [{ Mounts: [{ Type: 'bind', Source: 'a', Target: '/a' }] }, /mount path must be absolute/],
  [{ Mounts: [{ Type: 'wat', Source: '/a', Target: '/a' }] }, /mount type unknown: "wat"/],
  [{ Mounts: [{ Type: 'image', Source: 'x', Target: '/a' }] }, /not supported/],
  [{ Mounts: [{ Type: 'tmpfs', Source: '/a', Target: '/a' }] }, /field Source must not be specified/],
  [{ Binds: ['/a:/x'], Tmpfs: { '/x/': '' } }, /Duplicate mount point: \/x/],
  [{ Tmpfs: { x: '' } }, /mount path must be absolute/],
]

for (const [request, message] of requests) {
  test(`${JSON.stringify(request)} is refused`, () => {
    assert.throws(() => requestedMounts(request), { code: 'invalid-argument', message })
  })
}
