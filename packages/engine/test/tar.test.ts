// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { padding, tarEnd, tarHeader } from '../src/images/archive/write-tar.ts'

test('the tar of the system reads what we write', () => {
  const path = `${'d'.repeat(90)}/${'f'.repeat(200)}`
  const input = Buffer.concat([
    tarHeader({ path, size: 5, mtime: -5, gid: 4_000_000, mode: 0o4755 }),
    Buffer.from('12345'),
    padding(5),
    tarHeader({ path: 'null', size: 0, type: 'CharacterDevice', deviceMajor: 1, deviceMinor: 3, uid: 5_000_000 }),
    tarEnd,
  ])
  const listing = execFileSync('tar', ['-tvf', '-', '--numeric-owner'], { input, encoding: 'utf8' })
  assert.match(listing, /^-rwsr-xr-x 0\/4000000 +5 1969-12-31 .* d{90}\/f{200}$/m)
  assert.match(listing, /^crw-r--r-- 5000000\/0 +1,3 .* null$/m)
})
