// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import type { HostConfig, Mount } from '@teu/engine-api'
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
  assert.deepEqual(shape('/a:/b:'), ['bind', '/a', '/b', false, 'rprivate'])
  assert.deepEqual(shape('/b'), ['volume', '', '/b', false, false])
})

const named = (type: string) => `: invalid mount config for type "${type}": `
const notAName =
  ' includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. ' +
  'If you intended to pass a host directory, use absolute path'

/** What Debian's dockerd says of the same. */
const refused: [string, string][] = [
  ['', "invalid volume specification: ''"],
  ['/a:/b:ro:x', "invalid volume specification: '/a:/b:ro:x'"],
  [':/b', "invalid volume specification: ':/b'"],
  ['/a:', "invalid volume specification: '/a:'"],
  ['/a:ro', "invalid volume specification: '/a:ro'"],
  ['/a:b', `invalid volume specification: '/a:b'${named('bind')}invalid mount path: 'b' mount path must be absolute`],
  ['rel', `invalid volume specification: 'rel'${named('volume')}invalid mount path: 'rel' mount path must be absolute`],
  ['/a:/', `invalid volume specification: '/a:/'${named('bind')}invalid specification: destination can't be '/'`],
  [
    '/a:/x/..',
    `invalid volume specification: '/a:/x/..'${named('bind')}invalid specification: destination can't be '/'`,
  ],
  ['/a::ro', `invalid volume specification: '/a::ro'${named('bind')}field Target must not be empty`],
  ['/a:/b:ro,rw', 'invalid mode: ro,rw'],
  ['/a:/b:what', 'invalid mode: what'],
  [
    '/a:/b:nocopy',
    `invalid volume specification: '/a:/b:nocopy'${named('bind')}field VolumeOptions must not be specified`,
  ],
  [
    'data:/b:rslave',
    `invalid volume specification: 'data:/b:rslave'${named('volume')}field BindOptions must not be specified`,
  ],
  ['da/ta:/b', `create da/ta: "da/ta"${notAName}`],
  ['../data:/b', `create ../data: "../data"${notAName}`],
  ['a"b:/b', `create a"b: "a\\"b"${notAName}`],
  ['d:/b', 'create d: volume name is too short, names should be at least two alphanumeric characters'],
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

const mounts = (...list: Mount[]): HostConfig => ({ Mounts: list })

const requests: [HostConfig, string][] = [
  [mounts({ Type: 'bind', Target: '/a' }), 'invalid mount config for type "bind": field Source must not be empty'],
  [mounts({ Type: 'bind', Source: '/a' }), 'invalid mount config for type "bind": field Target must not be empty'],
  [
    mounts({ Type: 'bind', Source: 'a', Target: '/a' }),
    'invalid mount config for type "bind": invalid mount path: \'a\' mount path must be absolute',
  ],
  [
    mounts({ Type: 'bind', Source: '/a', Target: 'a' }),
    'invalid mount config for type "bind": invalid mount path: \'a\' mount path must be absolute',
  ],
  [
    mounts({ Type: 'bind', Source: '/a', Target: '/' }),
    "invalid mount config for type \"bind\": invalid specification: destination can't be '/'",
  ],
  [
    mounts({ Type: 'bind', Source: '/a', Target: '/b', VolumeOptions: {} }),
    'invalid mount config for type "bind": field VolumeOptions must not be specified',
  ],
  [
    mounts({ Type: 'bind', Source: '/a', Target: '/b', BindOptions: { Propagation: 'x' } }),
    'invalid mount config for type "bind": invalid propagation mode: x',
  ],
  [mounts({ Type: 'wat', Source: '/a', Target: '/a' }), 'invalid mount config for type "wat": mount type unknown'],
  [mounts({ Type: 'npipe', Source: 'x', Target: '/a' }), 'invalid mount config for type "npipe": mount type unknown'],
  [mounts({ Target: '/a' }), 'invalid mount config for type "": mount type unknown'],
  [
    mounts({ Type: 'volume', Target: '/a', ReadOnly: true }),
    'invalid mount config for type "volume": must not set ReadOnly mode when using anonymous volumes',
  ],
  [
    mounts({ Type: 'volume', Source: 'xy', Target: '/a', BindOptions: {} }),
    'invalid mount config for type "volume": field BindOptions must not be specified',
  ],
  [
    mounts({ Type: 'volume', Source: 'xy', Target: '/a', VolumeOptions: { Subpath: '../x' } }),
    'invalid mount config for type "volume": subpath must be a relative path within the volume',
  ],
  [
    mounts({ Type: 'volume', Target: '/a', VolumeOptions: { Subpath: 'x' } }),
    'invalid mount config for type "volume": must not set Subpath when using anonymous volumes',
  ],
  [mounts({ Type: 'volume', Source: 'da/ta', Target: '/a' }), `create da/ta: "da/ta"${notAName}`],
  [
    mounts({ Type: 'tmpfs', Source: '/a', Target: '/a' }),
    'invalid mount config for type "tmpfs": field Source must not be specified',
  ],
  [
    mounts({ Type: 'tmpfs', Target: '/a', BindOptions: {} }),
    'invalid mount config for type "tmpfs": field BindOptions must not be specified',
  ],
  [mounts({ Type: 'image', Target: '/a' }), 'invalid mount config for type "image": field Source must not be empty'],
  [{ Binds: ['/a:/x'], Tmpfs: { '/x/': '' } }, 'Duplicate mount point: /x'],
  [{ Tmpfs: { x: '' } }, "invalid mount path: 'x' mount path must be absolute"],
]

for (const [request, message] of requests) {
  test(`${JSON.stringify(request)} is refused`, () => {
    assert.throws(() => requestedMounts(request), { code: 'invalid-argument', message })
  })
}

test('a mount carries what its volume is to be made with', () => {
  const [short] = requestedMounts({ Binds: ['data:/x'], VolumeDriver: 'other' })
  assert.deepEqual(short?.type === 'volume' && short.driver, 'other')
  const options = { Labels: { a: 'b' }, DriverConfig: { Name: 'local', Options: { o: 'ro' } } }
  const [long] = requestedMounts(mounts({ Type: 'volume', Source: 'data', Target: '/x', VolumeOptions: options }))
  assert.deepEqual(long?.type === 'volume' && [long.labels, long.driver, long.driverOptions], [
    { a: 'b' },
    'local',
    { o: 'ro' },
  ])
})
