// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { TarParser } from '@teu/oci-spec/archive'
import { layerOf } from './layer.ts'

test('a layer is an archive that a reader of archives takes', () => {
  const entries: unknown[] = []
  const parser = new TarParser({
    entry: ({ name, type, mode, uid, size, linkName }) => void entries.push([name, type, mode, uid, size, linkName]),
    data: (chunk) => void entries.push(Buffer.from(chunk).toString()),
    end() {},
  })
  parser.push(
    layerOf({ name: 'etc/' }, { name: 'etc/file', data: 'text', mode: 0o600, uid: 7 }, { name: 'a', target: '/b' }),
  )
  parser.finish()
  assert.deepEqual(entries, [
    ['etc/', 'directory', 0o755, 0, 0, ''],
    ['etc/file', 'file', 0o600, 7, 4, ''],
    'text',
    ['a', 'symlink', 0o644, 0, 0, '/b'],
  ])
})
