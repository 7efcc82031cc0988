// SPDX-License-Identifier: Apache-2.0
// podman and conmon on our runtime: what they do and say is the same as on runc.
import assert from 'node:assert/strict'
import { compareAnswers } from './harness/docker-compare.ts'
import { Podman, removePodmanCgroups } from './harness/podman.ts'
import { podmanWalks } from './harness/podman-walks.ts'
import { type Sandbox, sandboxTest } from './harness/sandbox.ts'

const columns = [{ name: 'runc' }, { name: 'teu-runtime' }]

sandboxTest('podman, command by command', async (sandbox) => {
  const walks = Object.entries(podmanWalks).values()
  // Two lines take turns, each with storage of its own: podman may miss what another that runs beside it has stored.
  const failures = await Promise.all(['1', '2'].map((line) => goAll(sandbox, line, walks)))
  removePodmanCgroups(sandbox)
  assert.equal(failures.flat().join('\n'), '')
})

async function goAll(sandbox: Sandbox, line: string, walks: Iterable<[string, (podman: Podman) => Promise<unknown>]>) {
  const podmans = [
    new Podman(sandbox, `a${line}`, '/usr/sbin/runc'),
    new Podman(sandbox, `b${line}`, sandbox.path('bin', 'teu-runtime')),
  ]
  const failures: string[] = []
  await Promise.all(podmans.map((podman) => podman.open()))
  for (const [name, walk] of walks) {
    const answers = podmans.map((podman) => walk(podman).catch((error: unknown) => error))
    failures.push(...compareAnswers(columns, name, await Promise.all(answers)))
  }
  for (const podman of podmans) await podman.close()
  return failures
}
