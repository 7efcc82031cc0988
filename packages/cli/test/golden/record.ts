// SPDX-License-Identifier: Apache-2.0
// Records what docker's own command line prints for each template, for the tests that run where it is not installed:
//   node --conditions=teu-source test/golden/record.ts
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { FakeEngine } from '../fake-engine.ts'
import { invoke, original } from '../invoke.ts'
import { subject, templates } from './templates.ts'

if (!original) throw new Error('docker is not installed')
await using engine = await FakeEngine.start({ 'GET /containers/web/json': ({ json }) => json(subject) })
const outcomes = []
for (const template of templates) {
  const { status, stdout, stderr } = await invoke(original, ['inspect', '-f', template, 'web'], { host: engine.host })
  outcomes.push({ template, status, stdout, stderr })
}
const file = fileURLToPath(new URL('templates.json', import.meta.url))
writeFileSync(file, `${JSON.stringify(outcomes, null, 2)}\n`)
