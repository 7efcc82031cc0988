// SPDX-License-Identifier: Apache-2.0
// The power is cut at each point of a daemon's work: what it has acknowledged by then is there afterwards, and what is
// there is whole.
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { readSmallBlob } from '@teu/containerd-api'
import { type Containerd, createContainerd } from '../src/index.ts'
import { digestOf, inTest, needsRoot } from './daemon.ts'
import type { Acknowledgement } from './power-cut/acknowledgement.ts'
import { record } from './power-cut/disk-log.ts'
import { DiskModel, type Survival, survivals } from './power-cut/disk-model.ts'

const acknowledged = 'acknowledged'

/** Hundreds of daemons start on what is left, and none of them needs a disk that is waited for. */
const memory = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

test('a daemon keeps all that it has acknowledged, and whole, when the power is cut', needsRoot, async (t) => {
  const workspace = mkdtempSync(join(memory, 'teu-cut-'))
  t.after(() => rmSync(workspace, { recursive: true, force: true }))
  const folder = join(workspace, 'recorded')
  mkdirSync(folder)
  const steps = await record(join(import.meta.dirname, 'power-cut/workload.ts'), folder, workspace)
  assert.ok(steps.filter(({ kind }) => kind === 'sync').length > 20, 'the program syncs')
  const disk = new DiskModel()
  const seen = new Set<string>()
  let promises: Acknowledgement[] = []
  let cuts = 0
  for (const [index, step] of steps.entries()) {
    disk.apply(step)
    if (step.path === acknowledged && step.kind === 'write') promises = promisesOf(disk.read(acknowledged))
    else if (step.kind === 'write' || step.kind === 'truncate') continue
    for (const survival of survivals) {
      const state = `${disk.fingerprint(survival)} ${JSON.stringify(promises)}`
      if (seen.has(state)) continue
      seen.add(state)
      cuts++
      const where = `cut after step ${index}, ${step.kind} ${step.path}; of the unsynced ${survival} survives`
      await check(disk, survival, promises, join(workspace, `cut-${cuts}`)).catch((error: Error) => {
        throw new Error(`${where}: ${error.message}`, { cause: error })
      })
    }
  }
  t.diagnostic(`${steps.length} steps, ${cuts} cuts`)
  assert.ok(cuts > 100)
})

/** The last word on each thing. */
function promisesOf(lines: Buffer): Acknowledgement[] {
  const last = new Map<string, Acknowledgement>()
  for (const line of lines.toString().trim().split('\n')) {
    const said = JSON.parse(line) as Acknowledgement
    last.set(`${said.what} ${said.id}`, said)
  }
  return [...last.values()]
}

/** Starts a daemon on what is left, and compares. */
async function check(disk: DiskModel, survival: Survival, promises: Acknowledgement[], folder: string): Promise<void> {
  mkdirSync(folder)
  disk.materialize(folder, survival)
  try {
    await using daemon = await createContainerd({ root: join(folder, 'root'), state: join(folder, 'state') })
    for (const promise of promises) await keeps(daemon, promise)
    if (promises.length > 0) await allIsWhole(daemon)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function keeps({ services }: Containerd, { what, id, is }: Acknowledgement): Promise<void> {
  if (is === 'either') return
  const found = await {
    blob: () => services.content.info({ digest: id }, inTest),
    image: () => services.images.get({ name: id }, inTest),
    lease: async () => assert.ok((await services.leases.list({ filters: [] }, inTest)).leases.some((l) => l.id === id)),
    namespace: () => services.namespaces.get({ name: id }, {}),
  }
    [what]()
    .then(
      () => 'there',
      () => 'gone',
    )
  assert.equal(found, is, `${what} ${id} is ${found}, though it was acknowledged as ${is}`)
}

/** Every blob that the daemon lists has its bytes, and so has every image. */
async function allIsWhole({ services }: Containerd): Promise<void> {
  for await (const { info } of services.content.list({ filters: [] }, inTest)) {
    for (const { digest } of info) {
      const bytes = await readSmallBlob(services.content, digest, inTest)
      assert.equal(digestOf(bytes), digest, `the bytes of ${digest} are others`)
    }
  }
  for (const { name, target } of (await services.images.list({ filters: [] }, inTest)).images)
    await services.content.info({ digest: target?.digest ?? '' }, inTest).catch((error: unknown) => {
      throw new Error(`image ${name} has no content`, { cause: error })
    })
}
