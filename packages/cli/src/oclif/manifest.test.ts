// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { commands, findCommand } from '../command-table.ts'
import { manifest } from './manifest.ts'

test('the committed manifest is that of the command table', () => {
  const committed = JSON.parse(readFileSync(new URL('../../oclif.manifest.json', import.meta.url), 'utf8'))
  assert.deepEqual(committed, JSON.parse(JSON.stringify(manifest())), 'run npm run manifest')
})

test('no two commands have the same path', () => {
  const paths = commands.flatMap(({ path, aliases }) => [path, ...aliases])
  assert.equal(new Set(paths).size, paths.length)
  for (const path of paths) assert.equal(findCommand(path.split(' '))?.path, path)
})
