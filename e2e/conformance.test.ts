// SPDX-License-Identifier: Apache-2.0
// The conformance suites, on the originals (which proves the suites) and on ours.
import assert from 'node:assert/strict'
import path from 'node:path'
import { docker, startDockerd, startRegistry } from './harness/originals.ts'
import { imageArchive, repository } from './harness/programs.ts'
import { type Sandbox, sandboxTest, until } from './harness/sandbox.ts'
import { startTeud, teu } from './harness/stack.ts'

const gaps = (name: string) => ['--known-gaps', path.join(repository, 'packages/conformance/known-gaps', `${name}.txt`)]

async function conforms(sandbox: Sandbox, seam: string, ...args: string[]): Promise<void> {
  const { status, stdout, stderr } = await sandbox.run('teu-conformance', [seam, ...args], { timeoutMs: 180_000 })
  assert.equal(status, 0, `${stdout.replaceAll(/^passed.*\n/gm, '')}${stderr}`)
  assert.match(stdout, /^\d{2,} passed, \d+ failed, \d+ skipped$/m)
}

for (const runtime of ['runc', 'crun', 'teu-runtime'])
  sandboxTest(`runtime: ${runtime}`, (sandbox) =>
    conforms(sandbox, 'runtime', '--runtime', runtime, '--capability', 'pause'),
  )

sandboxTest('registry: docker-registry', async (sandbox) => {
  const { address } = await startRegistry(sandbox, [])
  await conforms(
    sandbox,
    'registry',
    '--url',
    `http://${address}`,
    '--capability',
    'delete',
    ...gaps('docker-registry-2.8'),
  )
})

sandboxTest('registry: teu-registry', async (sandbox) => {
  sandbox.daemon('teu-registry', 'teu-registry', ['serve', '--addr', '127.0.0.1:5001', '--root', sandbox.path('store')])
  await until(
    'the registry answers',
    async () => (await sandbox.run('curl', ['-sf', 'http://127.0.0.1:5001/v2/'])).status === 0,
  )
  const claims = ['delete', 'delete-tag', 'referrers'].flatMap((name) => ['--capability', name])
  await conforms(sandbox, 'registry', '--url', 'http://127.0.0.1:5001', ...claims)
})

sandboxTest('engine: dockerd', async (sandbox) => {
  const { socket } = await startDockerd(sandbox)
  assert.equal((await docker(sandbox, socket, 'load', '-i', imageArchive('busybox'))).status, 0)
  await conforms(sandbox, 'engine', '--host', `unix://${socket}`, '--image', 'busybox', ...gaps('dockerd-20.10'))
})

sandboxTest('engine: teud', async (sandbox) => {
  const { socket } = await startTeud(sandbox)
  assert.equal((await teu(sandbox, socket, 'load', '-i', imageArchive('busybox'))).status, 0)
  await conforms(sandbox, 'engine', '--host', `unix://${socket}`, '--image', 'busybox')
})
