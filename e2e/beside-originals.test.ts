// SPDX-License-Identifier: Apache-2.0
// The tests of packages that hold for an original as for ours, given to the original; those that compare both; and
// those that stand on one. `npm test` has none of them, whatever is installed.
import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import test from 'node:test'
import { runTestFiles } from '../scripts/run-test-files.mjs'
import { missingOriginals } from './harness/originals.ts'
import { repository } from './harness/programs.ts'

/** Files of which some tests need an original, and the titles of those; of the others all do. */
const some: Record<string, string> = {
  'packages/containerd/test/tasks.test.ts': 'io\\.containerd\\.runc',
  'packages/runtime/test/command-line.test.ts': 'of runc',
  'packages/runtime/test/events.test.ts': 'of runc',
  'packages/shim/test/info.test.ts': 'runc|^-v of the original',
  'packages/shim/test/options.test.ts': 'runc',
  'packages/shim/test/recovery.test.ts': 'runc',
}
const anyShim = '^the original|^/usr/sbin/runc'
/** Docker's command line of version 28, which Debian does not have. */
const docker = '/usr/local/bin/docker'

/** Texts by which a file with such tests, or the fixture that it takes, is known. */
const marks =
  /testBesideOriginals|besideOriginals|shims-under-test|tasks-fixture|original-containerd|\boriginal\b.*invoke\.ts/

const files = globSync('packages/*/test/**/*.test.ts', { cwd: repository })
  .sort()
  .filter((file) => marks.test(readFileSync(path.join(repository, file), 'utf8')))
  .filter((file) => !file.endsWith('shims-shared.test.ts'))

test('the originals are there', () => assert.deepEqual(missingOriginals(), []))

for (const file of files) {
  const skip = file.startsWith('packages/cli/') && !existsSync(docker) ? `needs docker 28 as ${docker}` : false
  test(file, { skip }, async () => {
    const isOfShims = readFileSync(path.join(repository, file), 'utf8').includes('shims-under-test')
    const titles = some[file] ?? (isOfShims && !file.endsWith('metrics-original.test.ts') ? anyShim : undefined)
    let said = ''
    const write = (text: string) => {
      said += text
    }
    const filter = titles === undefined ? [] : [`--test-name-pattern=${titles}`]
    const argv = ['--conditions=teu-source', '--test-reporter=spec', ...filter, file]
    const job = { name: file, argv, env: { TEU_BESIDE_ORIGINALS: '1' } }
    const { red, counts } = await runTestFiles([job], { concurrency: 1, deadlineMs: 400_000, cwd: repository, write })
    assert.deepEqual(red, [], said)
    assert.ok(counts.pass > 0, `no test ran:\n${said}`)
    assert.equal(counts.skipped, 0, said)
  })
}
