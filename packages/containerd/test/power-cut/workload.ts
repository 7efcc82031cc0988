// SPDX-License-Identifier: Apache-2.0
// The program that is recorded: a daemon in this process and what it acknowledges. Each acknowledgement is a line of
// JSON in the file `acknowledged` of the folder, and so a step of the record like all others.
import { randomBytes } from 'node:crypto'
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { underLease, writeBlob } from '@teu/containerd-api'
import { type Containerd, createContainerd } from '../../src/index.ts'
import { addBlob, digestOf, inTest, keep } from '../daemon.ts'
import type { Acknowledgement } from './acknowledgement.ts'

const folder = process.argv[2] as string

function say(what: Acknowledgement['what'], id: string, is: Acknowledgement['is']): void {
  appendFileSync(join(folder, 'acknowledged'), `${JSON.stringify({ what, id, is } satisfies Acknowledgement)}\n`)
}

async function work(daemon: Containerd): Promise<void> {
  const { images, leases, namespaces } = daemon.services
  await namespaces.create({ namespace: { name: 'test', labels: { a: 'b' } } }, {})
  say('namespace', 'test', 'there')
  for (const name of ['a', 'b', 'c']) {
    const digest = await addBlob(daemon, randomBytes(20_000))
    say('blob', digest, 'there')
    const target = { mediaType: 'application/x', digest, size: 20_000n, annotations: {} }
    const image = { name, labels: {}, target, createdAt: undefined, updatedAt: undefined }
    await images.create({ image, sourceDateEpoch: undefined }, inTest)
    say('image', name, 'there')
  }
  // Those that are committed at once share a sync.
  await Promise.all([1, 2, 3].map(async () => say('blob', await addBlob(daemon, randomBytes(5000)), 'there')))
  await leases.create({ id: 'l', labels: keep }, inTest)
  say('lease', 'l', 'there')
  say('image', 'a', 'either')
  await images.delete({ name: 'a', sync: false, target: undefined }, inTest)
  say('image', 'a', 'gone')
  const leased = await addLeased(daemon)
  for (const gone of ['either', 'gone'] as const) {
    if (gone === 'gone') await leases.delete({ id: 'l', sync: true }, inTest)
    say('blob', leased, gone)
    say('lease', 'l', gone)
  }
  say('blob', await addBlob(daemon, randomBytes(3000)), 'there')
}

/** Adds a blob that only the lease keeps, so that it is collected with it. */
async function addLeased({ services }: Containerd): Promise<string> {
  const bytes = randomBytes(7000)
  const digest = digestOf(bytes)
  const init = { ref: 'leased', labels: {}, expected: digest, size: BigInt(bytes.length) }
  const source = async function* () {
    yield bytes
  }
  await writeBlob(services.content, init, source(), underLease('l', inTest))
  say('blob', digest, 'there')
  return digest
}

const state = mkdtempSync(join(tmpdir(), 'teu-state-'))
try {
  await using daemon = await createContainerd({ root: join(folder, 'root'), state })
  await work(daemon)
} finally {
  rmSync(state, { recursive: true, force: true })
}
