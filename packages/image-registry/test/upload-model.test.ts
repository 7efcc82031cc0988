// SPDX-License-Identifier: Apache-2.0
// Uploads against a model of them: whatever is asked in whatever order, status, headers and code are what the distribution
// specification says, and what was finished is what was sent.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import test from 'node:test'
import { createRegistry, memoryStorage, type Registry, type RegistryInit } from '@teu/image-registry/server'
import { digestOf } from '@teu/oci-spec/image'
import fc from 'fast-check'
import { codeOf, putImage } from './requests.ts'

/** An upload as the model knows it. */
interface Session {
  repository: string
  id: string
  content: Buffer
  isOpen: boolean
}

interface Model {
  sessions: Session[]
  /** Finished content by its path. */
  blobs: Map<string, Buffer>
}

/** The registry that is asked, which a restart replaces. */
interface Real {
  registry: Registry
  restart: () => Promise<void>
  repositories: readonly [string, string]
}

type Command = fc.AsyncCommand<Model, Real>
const command = (text: string, run: Command['run']): Command => ({ check: () => true, run, toString: () => text })

/** Which upload is meant: the newest but `back`, or one that never was; `isElsewhere`: under a repository not its own. */
interface Target {
  back: number
  isElsewhere: boolean
}

interface Chunk {
  size: number
  fill: string
  /** Where `Content-Range` says it belongs, from the upload's end: 0 is right. Absent: there is no such header. */
  off?: number | undefined
  /** How many bytes more than it has the header claims. */
  excess: number
  /** Sent without a length. */
  isStreamed: boolean
}

function find({ sessions }: Model, { repositories }: Real, { back, isElsewhere }: Target) {
  const session = sessions.at(-1 - back)
  const own = session?.repository ?? repositories[0]
  const repository = isElsewhere ? (repositories.find((name) => name !== own) ?? assert.fail()) : own
  return {
    location: `/v2/${repository}/blobs/uploads/${session?.id ?? randomUUID()}`,
    session: session?.isOpen && !isElsewhere ? session : undefined,
  }
}

function send({ registry }: Real, method: string, location: string, length = 0, chunk?: Chunk): Promise<Response> {
  const start = startOf(chunk, length)
  const bytes = chunk && bytesOf(chunk)
  return fetch(registry.url + location, {
    method,
    ...(chunk && start !== undefined
      ? { headers: { 'content-range': `${start}-${start + chunk.size + chunk.excess - 1}` } }
      : {}),
    ...(bytes && { body: chunk.isStreamed ? new Blob([bytes]).stream() : bytes, duplex: 'half' }),
  })
}

const bytesOf = ({ size, fill }: Chunk) => Buffer.alloc(size, fill)

function startOf(chunk: Chunk | undefined, length: number): number | undefined {
  if (chunk?.off === undefined) return undefined
  const start = Math.max(0, length + chunk.off)
  return chunk.off !== 0 && start === length ? length + 1 : start
}

/** Why a chunk is refused, as status and code; `undefined` when it is taken. */
function refusalOf(chunk: Chunk | undefined, length: number): [number, string] | undefined {
  const start = startOf(chunk, length)
  if (chunk === undefined || start === undefined) return undefined
  if (start !== length) return [416, 'BLOB_UPLOAD_INVALID']
  return chunk.excess > 0 && !chunk.isStreamed ? [400, 'SIZE_INVALID'] : undefined
}

async function refused(answer: Response, refusal: [number, string]): Promise<void> {
  assert.deepEqual([answer.status, await codeOf(answer)], refusal)
}

/** The answer names the upload, and says how far it came. */
function tells(answer: Response, { repository, id, content }: Session): void {
  assert.deepEqual(
    ['location', 'range', 'docker-upload-uuid'].map((name) => answer.headers.get(name)),
    [`/v2/${repository}/blobs/uploads/${id}`, `0-${Math.max(0, content.length - 1)}`, id],
  )
}

async function pulls({ registry }: Real, place: string, content: Buffer): Promise<void> {
  const answer = await fetch(registry.url + place)
  assert.equal(answer.status, 200)
  assert.ok(Buffer.from(await answer.arrayBuffer()).equals(content), `${place} is of other content`)
}

const start = (second: boolean) =>
  command(`start(${second})`, async (model, real) => {
    const repository = real.repositories[second ? 1 : 0]
    const answer = await send(real, 'POST', `/v2/${repository}/blobs/uploads/`)
    assert.equal(answer.status, 202, await answer.text())
    const id = answer.headers.get('docker-upload-uuid') ?? ''
    const session = { repository, id, content: Buffer.alloc(0), isOpen: true }
    assert.ok(!model.sessions.some((other) => other.id === id))
    tells(answer, session)
    model.sessions.push(session)
  })

const status = (target: Target) =>
  command(`status(${fc.stringify(target)})`, async (model, real) => {
    const { location, session } = find(model, real, target)
    const answer = await send(real, 'GET', location)
    if (session === undefined) return refused(answer, [404, 'BLOB_UPLOAD_UNKNOWN'])
    assert.equal(answer.status, 204)
    tells(answer, session)
  })

const patch = (target: Target, chunk: Chunk) =>
  command(`patch(${fc.stringify(target)}, ${fc.stringify(chunk)})`, async (model, real) => {
    const { location, session } = find(model, real, target)
    const answer = await send(real, 'PATCH', location, session?.content.length, chunk)
    if (session === undefined) return refused(answer, [404, 'BLOB_UPLOAD_UNKNOWN'])
    const refusal = refusalOf(chunk, session.content.length)
    if (refusal?.[0] === 416) tells(answer, session)
    if (refusal !== undefined) return refused(answer, refusal)
    assert.equal(answer.status, 202, await answer.text())
    session.content = Buffer.concat([session.content, bytesOf(chunk)])
    tells(answer, session)
  })

/** Two chunks for the same place at the same time: one of them is taken. */
const race = (target: Target, one: Chunk, two: Chunk) =>
  command(`race(${fc.stringify(target)}, ${fc.stringify([one, two])})`, async (model, real) => {
    const { location, session } = find(model, real, target)
    const chunks = [one, two].map((chunk) => ({ ...chunk, off: 0, excess: 0 }))
    const answers = await Promise.all(
      chunks.map((chunk) => send(real, 'PATCH', location, session?.content.length, chunk)),
    )
    if (session === undefined) {
      for (const answer of answers) await refused(answer, [404, 'BLOB_UPLOAD_UNKNOWN'])
      return
    }
    const winner = answers.findIndex((answer) => answer.status === 202)
    const [won, lost] = winner === 0 ? answers : answers.toReversed()
    assert.ok(won && lost)
    assert.equal(won.status, 202)
    session.content = Buffer.concat([session.content, bytesOf(chunks[winner] ?? assert.fail())])
    for (const answer of answers) tells(answer, session)
    await refused(lost, [416, 'BLOB_UPLOAD_INVALID'])
  })

type Naming = 'sha256' | 'sha512' | 'of other content' | 'malformed' | 'missing'

function digestFor(naming: Naming, content: Buffer): string | undefined {
  if (naming === 'missing') return undefined
  if (naming === 'malformed') return 'sha256:abc'
  return naming === 'of other content'
    ? digestOf(Buffer.concat([content, content, Buffer.from('x')]))
    : digestOf(content, naming)
}

const finish = (target: Target, naming: Naming, last: Chunk | undefined) =>
  command(`finish(${fc.stringify(target)}, ${naming}, ${fc.stringify(last)})`, async (model, real) => {
    const { location, session } = find(model, real, target)
    const before = session?.content ?? Buffer.alloc(0)
    const content = last ? Buffer.concat([before, bytesOf(last)]) : before
    const digest = digestFor(naming, content)
    const query = digest === undefined ? '' : `?digest=${encodeURIComponent(digest)}`
    const answer = await send(real, 'PUT', location + query, before.length, last)
    if (session === undefined) return refused(answer, [404, 'BLOB_UPLOAD_UNKNOWN'])
    // What is no digest, and what comes out of order, leaves the upload as it was.
    if (naming === 'missing' || naming === 'malformed') return refused(answer, [400, 'DIGEST_INVALID'])
    const refusal = refusalOf(last, before.length)
    if (refusal?.[0] === 416) tells(answer, session)
    if (refusal !== undefined) return refused(answer, refusal)
    session.isOpen = false
    if (naming === 'of other content') return refused(answer, [400, 'DIGEST_INVALID'])
    assert.equal(answer.status, 201, await answer.text())
    const place = `/v2/${session.repository}/blobs/${digest}`
    assert.deepEqual(
      ['location', 'docker-content-digest'].map((name) => answer.headers.get(name)),
      [place, digest],
    )
    model.blobs.set(place, content)
    await pulls(real, place, content)
  })

const cancel = (target: Target) =>
  command(`cancel(${fc.stringify(target)})`, async (model, real) => {
    const { location, session } = find(model, real, target)
    const answer = await send(real, 'DELETE', location)
    if (session === undefined) return refused(answer, [404, 'BLOB_UPLOAD_UNKNOWN'])
    assert.deepEqual([answer.status, answer.headers.get('docker-upload-uuid')], [204, session.id])
    session.isOpen = false
  })

const restart = () => command('restart()', (_model, real) => real.restart())

const target = fc.record({
  back: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: fc.nat(4) }),
  isElsewhere: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
})
const off = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(0, undefined) },
  { weight: 2, arbitrary: fc.integer({ min: -50, max: -1 }) },
  { weight: 2, arbitrary: fc.integer({ min: 1, max: 50 }) },
)
const chunk = fc.record({
  size: fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 1, max: 40 }) },
    { weight: 1, arbitrary: fc.constant(70_000) },
  ),
  fill: fc.stringMatching(/^[a-z]{1,5}$/),
  off,
  excess: fc.oneof({ weight: 6, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.integer({ min: 1, max: 9 }) }),
  isStreamed: fc.boolean(),
})
const naming = fc.constantFrom<Naming>('sha256', 'sha256', 'sha512', 'of other content', 'malformed', 'missing')

/** What is there more than once is more frequent. */
const commands = fc.commands(
  [
    ...[1, 2].map(() => fc.boolean().map(start)),
    ...[1, 2, 3].map(() => fc.tuple(target, chunk).map((all) => patch(...all))),
    ...[1, 2].map(() => fc.tuple(target, naming, fc.option(chunk, { nil: undefined })).map((all) => finish(...all))),
    fc.tuple(target, chunk, chunk).map((all) => race(...all)),
    target.map(status),
    target.map(cancel),
    fc.constant(restart()),
  ],
  { size: 'large', maxCommands: 40 },
)

/** What the model says is there is there, and a neighbour is served as if nothing had been. */
async function holds(model: Model, real: Real, neighbour: string): Promise<void> {
  for (const [place, content] of model.blobs) await pulls(real, place, content)
  for (let back = 0; back < model.sessions.length; back++) await status({ back, isElsewhere: false }).run(model, real)
  const image = await putImage(real.registry.url, neighbour, 'v1', { layers: [neighbour] })
  await pulls(real, `/v2/${neighbour}/manifests/v1`, Buffer.from(image.body))
  await pulls(real, `/v2/${neighbour}/blobs/${digestOf(neighbour)}`, Buffer.from(neighbour))
}

async function modelAgrees(storage: NonNullable<RegistryInit['storage']>, numRuns: number): Promise<void> {
  const failures: unknown[] = []
  const open = () => createRegistry({ storage, onError: (error) => failures.push(error) })
  let registry = await open()
  let runs = 0
  try {
    await fc.assert(
      fc.asyncProperty(commands, async (steps) => {
        const run = `run-${++runs}`
        const model: Model = { sessions: [], blobs: new Map() }
        const real: Real = {
          registry,
          repositories: [`${run}/one`, `${run}/two`],
          async restart() {
            await registry.close()
            registry = await open()
            real.registry = registry
          },
        }
        await fc.asyncModelRun(() => ({ model, real }), steps)
        await holds(model, real, `${run}/neighbour`)
        assert.deepEqual(failures, [])
      }),
      { numRuns, seed: Number(process.env['TEU_SEED'] ?? 20261124) },
    )
  } finally {
    await registry.close()
  }
}

test('memory: any sequence of requests for uploads', async () => {
  await modelAgrees(memoryStorage(), 60)
})

test('filesystem: any sequence of requests for uploads', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'teu-uploads-'))
  try {
    await modelAgrees(directory, 25)
  } finally {
    await rm(directory, { recursive: true })
  }
})
