// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { Warnings } from './warnings.ts'

test('texts of registries are told once, those for programs not at all', () => {
  const told: string[] = []
  const warnings = new Warnings((registry, text) => told.push(`${registry}: ${text}`))
  const take = (...headers: string[]) => warnings.take('r', headers)
  take('299 - "Your \\"quota\\" ends"', '299 - "one", 299 - "two"', '199 - "misc"', '299 -', 'garbage')
  take('299 - "one"')
  warnings.take('s', ['299 - "one"'])
  assert.deepEqual(told, ['r: Your "quota" ends', 'r: one', 'r: two', 's: one'])
  for (let i = 0; i < 1000; i++) take(`299 - "${i}"`)
  assert.ok(told.length < 110)
  new Warnings(undefined).take('r', ['299 - "one"'])
})
