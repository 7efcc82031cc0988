// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { FakeEngine } from '../fake-engine.ts'
import { type Invocation, run } from '../invoke.ts'
import { subject, templates } from './templates.ts'

const recorded: (Invocation & { template: string })[] = JSON.parse(
  readFileSync(new URL('templates.json', import.meta.url), 'utf8'),
)

describe('templates print what docker 28 was recorded to print', () => {
  let engine: FakeEngine
  before(async () => {
    engine = await FakeEngine.start({ 'GET /containers/web/json': ({ json }) => json(subject) })
  })
  after(() => engine[Symbol.asyncDispose]())
  assert.deepEqual(
    recorded.map(({ template }) => template),
    templates,
    'every template is recorded: run record.ts',
  )
  for (const { template, ...expected } of recorded) {
    test(JSON.stringify(template), async () => {
      assert.deepEqual(await run(['inspect', '-f', template, 'web'], { host: engine.host }), expected)
    })
  }
})
