// SPDX-License-Identifier: Apache-2.0
// The suite that the OCI distribution specification comes with, on our registry.
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { repository } from './harness/programs.ts'
import { ourAddress, startTeuRegistry } from './harness/registries.ts'
import { sandboxTest } from './harness/sandbox.ts'

const suite = path.join(repository, 'build/e2e/oracles/conformance')
const skip = existsSync(suite) ? false : 'e2e/setup found no go to build the distribution suite with'

/** The suite's own defaults, and all that it can be told to ask for beyond them and our registry has. */
const settings = {
  OCI_REGISTRY: ourAddress,
  OCI_TLS: 'disabled',
  OCI_REPO1: 'suite/one',
  OCI_REPO2: 'suite/two',
  OCI_VERSION: '1.1',
  OCI_RESULTS_DIR: 'results',
  OCI_DATA_NONDISTRIBUTABLE: 'true',
}

sandboxTest(
  'our registry passes every test of the OCI distribution suite',
  async (sandbox) => {
    await startTeuRegistry(sandbox, ['--delete'])
    mkdirSync(sandbox.path('suite'))
    const run = await sandbox.run(suite, [], { env: settings, cwd: sandbox.path('suite'), timeoutMs: 120_000 })
    assert.equal(run.status, 0, run.stdout.slice(-4000))
    const results = readFileSync(sandbox.path('suite/results/results.yaml'), 'utf8')
    const outcomes = [...results.matchAll(/^ {2}([A-Z][^:]*): (\w+)$/gm)].map(([, name, outcome]) => ({
      name,
      outcome,
    }))
    const failed = outcomes.filter(({ outcome }) => !/^(Pass|Skip|Disabled)$/.test(outcome ?? ''))
    assert.deepEqual(failed, [])
    const skipped = outcomes.filter(({ outcome }) => outcome === 'Skip').map(({ name }) => name)
    assert.deepEqual(skipped, ['Blob anonymous mount'], 'a mount from any repository is not what we do')
    assert.ok(outcomes.some(({ name, outcome }) => name === 'Non-distributable Layers' && outcome === 'Pass'))
    assert.ok(outcomes.filter(({ outcome }) => outcome === 'Pass').length >= 40, results)
  },
  { skip },
)
