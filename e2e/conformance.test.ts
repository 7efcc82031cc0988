// SPDX-License-Identifier: Apache-2.0
// The conformance suites, on the originals (which proves the suites) and on ours.
import assert from 'node:assert/strict'
import { existsSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { docker, startContainerd, startDockerd, startRegistry } from './harness/originals.ts'
import { imageArchive, repository } from './harness/programs.ts'
import { ourAddress, startTeuRegistry } from './harness/registries.ts'
import { type Sandbox, sandboxTest, until } from './harness/sandbox.ts'
import { startOurContainerd, startTeud, teu } from './harness/stack.ts'

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

const claims = (...names: string[]) => names.flatMap((name) => ['--capability', name])

sandboxTest('shim: containerd-shim-runc-v2', (sandbox) =>
  conforms(
    sandbox,
    'shim',
    '--shim',
    'containerd-shim-runc-v2',
    ...claims('pause'),
    ...gaps('containerd-shim-runc-v2-1.6'),
  ),
)

sandboxTest('shim: containerd-shim-teu-v1', (sandbox) =>
  conforms(sandbox, 'shim', '--shim', 'containerd-shim-teu-v1', ...claims('pause')),
)

for (const runtime of ['runc', 'crun'])
  sandboxTest(`shim: containerd-shim-teu-v1 with ${runtime}`, (sandbox) =>
    conforms(sandbox, 'shim', '--shim', 'containerd-shim-teu-v1', '--runtime-binary', runtime, ...claims('pause')),
  )

const containerdClaims = claims('shared-content', 'pause', 'runc-options')

sandboxTest('containerd: containerd', async (sandbox) => {
  const { socket } = await startContainerd(sandbox)
  const archive = ['--image-archive', imageArchive('busybox')]
  await conforms(sandbox, 'containerd', '--address', socket, ...archive, ...containerdClaims, ...gaps('containerd-1.6'))
})

sandboxTest('containerd: teu-containerd', async (sandbox) => {
  const { socket } = await startOurContainerd(sandbox)
  const ours = ['--runtime', 'io.containerd.teu.v1', '--image-archive', imageArchive('busybox')]
  await conforms(sandbox, 'containerd', '--address', socket, ...ours, ...containerdClaims)
})

sandboxTest('containerd: @teu/containerd in process', async (sandbox) => {
  const module = path.join(repository, 'e2e/harness/in-process-containerd.ts')
  const ours = ['--runtime', 'io.containerd.teu.v1', '--image-archive', imageArchive('busybox')]
  await conforms(sandbox, 'containerd', '--module', module, ...ours, ...containerdClaims)
})

sandboxTest('registry: docker-registry', async (sandbox) => {
  const { address } = await startRegistry(sandbox, [])
  const url = ['--url', `http://${address}`]
  await conforms(sandbox, 'registry', ...url, ...claims('delete', 'catalog'), ...gaps('docker-registry-2.8'))
})

sandboxTest('registry: teu-registry', async (sandbox) => {
  await startTeuRegistry(sandbox, ['--delete'])
  const url = ['--url', `http://${ourAddress}`]
  await conforms(sandbox, 'registry', ...url, ...claims('delete', 'delete-tag', 'referrers', 'catalog', 'sha512'))
})

sandboxTest(
  'registry: teu-registry, with referrers that docker-registry took without listing them',
  async (sandbox) => {
    const { address, process } = await startRegistry(sandbox, [])
    const at = (name: string) => sandbox.path(name)
    const change = `touch ${at('change')}; until [ -e ${at('changed')} ]; do sleep 0.1; done`
    const clause = ['--restart', change, '--filter', 'once it is enabled']
    const running = sandbox.run('teu-conformance', ['registry', '--url', `http://${address}`, ...clause])
    await until('what is to be found is pushed', () => existsSync(at('change')))
    await sandbox.stop(process)
    await startTeuRegistry(sandbox, [], { name: 'registry', address })
    writeFileSync(at('changed'), '')
    const { status, stdout, stderr } = await running
    assert.equal(status, 0, stdout + stderr)
    assert.match(stdout, /^1 passed, 0 failed, 0 skipped$/m)
  },
)

sandboxTest('registry: teu-registry, read-only, with what docker-registry stored', async (sandbox) => {
  const pushed = await startRegistry(sandbox)
  await sandbox.stop(pushed.process)
  await startTeuRegistry(sandbox, ['--read-only'], { name: 'registry' })
  await conforms(sandbox, 'registry', '--url', `http://${ourAddress}`, '--image', 'busybox:latest')
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
