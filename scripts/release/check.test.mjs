// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import test from 'node:test'
import { problemsOf } from './check.mjs'
import { inOrder } from './order.mjs'

const good = {
  name: '@teu/errors',
  version: '9.9.9',
  type: 'module',
  license: 'Apache-2.0',
  engines: { node: '>=24' },
  bin: { codes: 'bin/codes.js' },
  exports: { '.': './lib/index.js' },
  files: ['bin', 'lib'],
}
const goodFiles = {
  'README.md': '# errors\n',
  LICENSE: 'Apache-2.0\n',
  'bin/codes.js': '#!/usr/bin/env node\nimport "../lib/index.js"\n',
  'lib/index.js': 'export const codes = []\n',
}

/** The faults of a package of these files, before npm leaves any out. */
async function problems(t, changes = {}, files = {}) {
  const target = mkdtempSync(path.join(tmpdir(), 'teu-check-'))
  t.after(() => rmSync(target, { recursive: true }))
  const folder = path.join(target, 'errors')
  const manifest = JSON.parse(JSON.stringify({ ...good, ...changes }))
  const all = { ...goodFiles, 'package.json': JSON.stringify(manifest), ...files }
  const packed = Object.entries(all).filter(([, text]) => text !== undefined)
  for (const [name, text] of packed) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true })
    writeFileSync(path.join(folder, name), text)
  }
  const list = packed.map(([name]) => ({ path: name, mode: name.startsWith('bin/') ? 0o755 : 0o644 }))
  return problemsOf({ folder, manifest, files: list })
}

test('a package with all that it says has no problem', async (t) => {
  assert.deepEqual(await problems(t), [])
})

test('a file that is missing is named', async (t) => {
  assert.deepEqual(await problems(t, { files: ['bin', 'lib', 'image'] }), [
    '@teu/errors: nothing is in image, which files of the manifest names',
  ])
  assert.deepEqual(await problems(t, {}, { LICENSE: undefined }), ['@teu/errors: LICENSE is missing'])
  assert.match((await problems(t, {}, { 'lib/index.js': undefined })).join('\n'), /lib\/index\.js/)
  assert.match((await problems(t, { name: 'teu' })).join('\n'), /teu: image\/index\.json is missing/)
})

test('a file that is not for others is named', async (t) => {
  const extra = { 'lib/index.test.js': '', 'lib/.tsbuildinfo': '{}', 'lib/binding.gyp': '{}' }
  assert.deepEqual((await problems(t, {}, extra)).sort(), [
    '@teu/errors: lib/.tsbuildinfo is not for others',
    '@teu/errors: lib/binding.gyp is not for others',
    '@teu/errors: lib/index.test.js is not for others',
  ])
})

test('compiled files without a source are named, and those with one are not', async (t) => {
  const dist = { 'dist/no-such-source.js': '', 'dist/no-such-source.d.ts': '', 'dist/codes.js': '' }
  assert.deepEqual(await problems(t, { files: ['bin', 'lib', 'dist'] }, dist), [
    '@teu/errors: dist/no-such-source has no source: remove dist and build again',
  ])
})

test('scripts, and ranges of this repository only, are refused', async (t) => {
  assert.deepEqual(await problems(t, { scripts: { postinstall: 'node build.js' } }), [
    '@teu/errors: the manifest has a script: postinstall',
  ])
  const dependencies = { a: '*', b: 'workspace:^', c: 'file:../c', d: '^1.0.0' }
  const found = await problems(t, { dependencies })
  for (const name of ['a', 'b', 'c'])
    assert.ok(
      found.some((line) => line.includes(`dependencies.${name} is `)),
      found.join('\n'),
    )
  assert.ok(!found.some((line) => line.includes('dependencies.d')))
})

test('the Node that a package needs is said', async (t) => {
  assert.deepEqual(await problems(t, { engines: undefined }), [
    '@teu/errors: the manifest does not say which Node it needs',
  ])
})

test('a platform package has every native file, for its processor', async (t) => {
  const x64 = Buffer.alloc(64)
  x64.writeUInt16LE(62, 18)
  const native = { 'teu_linux.node': x64, 'teu-init': x64, 'teu-shim-front': x64, hello: Buffer.alloc(64) }
  const platform = { cpu: ['x64'], bin: undefined, exports: undefined, files: Object.keys(native) }
  assert.deepEqual(await problems(t, platform, native), ['@teu/errors: hello is not for x64'])
  assert.match((await problems(t, platform, { ...native, 'teu-init': undefined })).join('\n'), /teu-init is missing/)
})

test('packages come after all that they need, and a circle has no order', () => {
  const one = (name, needs = {}) => ({ manifest: { name, ...needs } })
  const list = [
    one('top', { dependencies: { middle: '^1.0.0', other: '^2.0.0' } }),
    one('middle', { optionalDependencies: { bottom: '1.0.0' }, peerDependencies: { beside: '^1.0.0' } }),
    one('beside'),
    one('bottom'),
  ]
  const names = inOrder(list).map(({ manifest }) => manifest.name)
  assert.deepEqual(names, ['bottom', 'beside', 'middle', 'top'])
  const circle = [one('a', { dependencies: { b: '1.0.0' } }), one('b', { dependencies: { a: '1.0.0' } })]
  assert.throws(() => inOrder(circle), /a > b > a/)
})
