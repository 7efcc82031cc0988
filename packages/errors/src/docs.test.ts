// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { errorCodes } from './codes.ts'
import { grpcCodeOf } from './grpc-code.ts'
import { httpStatusOf } from './http-status.ts'

test('the reference page lists every code with the numbers of the codecs', () => {
  const page = readFileSync(new URL('../docs/errors.md', import.meta.url), 'utf8')
  const rows = [...page.matchAll(/^\| `([a-z-]+)` +\| [^|]+ \| (\d+) +\| (\d+) +\|$/gm)]
  assert.deepEqual(
    rows.map(([, code, grpc, http]) => [code, Number(grpc), Number(http)]),
    errorCodes.map((code) => [code, grpcCodeOf(code), httpStatusOf(code)]),
  )
})
