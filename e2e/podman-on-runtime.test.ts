// SPDX-License-Identifier: Apache-2.0
// podman and conmon on our runtime: what they do and say is the same as on runc.
import assert from 'node:assert/strict'
import { compareAnswers, inLines } from './harness/docker-compare.ts'
import { Podman, removePodmanCgroups } from './harness/podman.ts'
import { podmanWalks } from './harness/podman-walks.ts'
import { sandboxTest } from './harness/sandbox.ts'

sandboxTest('podman, command by command', async (sandbox) => {
  const columns = [
    { name: 'runc', podman: new Podman(sandbox, 'a', '/usr/sbin/runc') },
    { name: 'teu-runtime', podman: new Podman(sandbox, 'b', sandbox.path('bin', 'teu-runtime')) },
  ]
  for (const { podman } of columns) await podman.open()
  const failures = await inLines(2, podmanWalks, async (name, walk) => {
    const answers = columns.map(({ podman }) => walk(podman).catch((error: unknown) => error))
    return compareAnswers(columns, name, await Promise.all(answers))
  })
  for (const { podman } of columns) await podman.close()
  removePodmanCgroups(sandbox)
  assert.equal(failures.join('\n'), '')
})
