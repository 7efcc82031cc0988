// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { validateProcess, validateResources, validateSpec } from './validate.ts'

const minimal = () => ({
  ociVersion: '1.0.2-dev',
  process: { user: { uid: 0, gid: 0 }, args: ['sh'], cwd: '/' },
  root: { path: 'rootfs' },
  linux: { namespaces: [{ type: 'pid' }], seccomp: { defaultAction: 'SCMP_ACT_ALLOW' } },
})

test('a config keeps what it has, unknown properties included', () => {
  const config = { ...minimal(), vm: { kernel: {} }, annotations: { a: 'b' } }
  assert.deepEqual(validateSpec(config), config)
})

test('null counts as absent', () => {
  assert.deepEqual(validateSpec({ ociVersion: '1.2.0', mounts: null, linux: { devices: null } }), {
    ociVersion: '1.2.0',
    linux: {},
  })
})

test('a key named __proto__ stays data', () => {
  const spec = validateSpec(JSON.parse('{"ociVersion":"1.2.0","annotations":{"__proto__":"x"}}'))
  assert.equal(Object.getPrototypeOf(spec.annotations), Object.prototype)
  assert.deepEqual(Object.keys(spec.annotations ?? {}), ['__proto__'])
})

type Mutation = [what: string, change: (config: Record<string, unknown>) => void, message: RegExp]

const refused: Mutation[] = [
  ['no version', (c) => delete c.ociVersion, /^ociVersion: is missing$/],
  ['version 2', (c) => (c.ociVersion = '2.0.0'), /^ociVersion: unsupported version "2\.0\.0"$/],
  ['version as a number', (c) => (c.ociVersion = 1), /^ociVersion: must be a string, is a number$/],
  ['root as a string', (c) => (c.root = 'rootfs'), /^root: must be an object, is a string$/],
  ['root without path', (c) => (c.root = {}), /^root\.path: is missing$/],
  ['no cwd', (c) => (c.process = { args: ['a'] }), /^process\.cwd: is missing$/],
  ['uid -1', (c) => (c.process = { cwd: '/', user: { uid: -1, gid: 0 } }), /^process\.user\.uid: must be from 0/],
  ['uid null', (c) => (c.process = { cwd: '/', user: { uid: null, gid: 0 } }), /^process\.user\.uid: must be a number/],
  ['uid 1.5', (c) => (c.process = { cwd: '/', user: { uid: 1.5, gid: 0 } }), /must be a whole number, is 1\.5$/],
  [
    'NUL in an argument',
    (c) => (c.process = { cwd: '/', user: { uid: 0, gid: 0 }, args: ['a\0b'] }),
    /^process\.args\[0\]: must not contain NUL$/,
  ],
  ['mounts as an object', (c) => (c.mounts = {}), /^mounts: must be a list, is an object$/],
  ['mount without destination', (c) => (c.mounts = [{}]), /^mounts\[0\]\.destination: is missing$/],
  [
    'namespace of no kind',
    (c) => (c.linux = { namespaces: [{ type: 'pid' }, { type: 'usr' }] }),
    /^linux\.namespaces\[1\]\.type: unknown value "usr"$/,
  ],
  ['seccomp without default', (c) => (c.linux = { seccomp: {} }), /^linux\.seccomp\.defaultAction: is missing$/],
  [
    'hook with relative path',
    (c) => (c.hooks = { prestart: [{ path: 'x' }] }),
    /^hooks\.prestart\[0\]\.path: must be an/,
  ],
  ['hook timeout 0', (c) => (c.hooks = { poststop: [{ path: '/x', timeout: 0 }] }), /^hooks\.poststop\[0\]\.timeout: /],
  ['annotation of a number', (c) => (c.annotations = { 'a b': 1 }), /^annotations\."a b": must be a string/],
]

for (const [what, change, message] of refused) {
  test(`refuses ${what}`, () => {
    const config: Record<string, unknown> = minimal()
    change(config)
    assert.throws(() => validateSpec(config), { code: 'invalid-argument', message })
  })
}

test('refuses what is no object at all', () => {
  for (const value of [null, [], 'x', 1, undefined]) {
    assert.throws(() => validateSpec(value), { code: 'invalid-argument', message: /^must be an object/ })
  }
})

test('process and resources stand alone', () => {
  assert.throws(() => validateProcess({ args: ['a'] }), { message: 'cwd: is missing' })
  assert.deepEqual(validateProcess({ cwd: '/' }), { cwd: '/', user: { uid: 0, gid: 0 } })
  assert.deepEqual(validateProcess({ cwd: '/', user: { gid: 7, umask: 1 } }).user, { uid: 0, gid: 7, umask: 1 })
  assert.throws(() => validateResources({ memory: { limit: '5' } }), {
    message: 'memory.limit: must be a number, is a string',
  })
  assert.deepEqual(validateResources({ devices: [{ allow: false, type: '', access: 'rwm' }] }), {
    devices: [{ allow: false, type: 'a', access: 'rwm' }],
  })
})
