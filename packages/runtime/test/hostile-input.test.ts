// SPDX-License-Identifier: Apache-2.0
// Whatever config.json, process.json, state.json and exec.fifo hold: an error of the runtime's own, soon, with nothing left.
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { codeOf, messageOf } from '@teu/errors'
import fc from 'fast-check'
import { rooted } from './kit/root.ts'
import { Workshop } from './kit/workshop.ts'

const seed = Number(process.env.TEU_SEED ?? 20261124)
const junk = fc.constantFrom<unknown>(
  ...[
    null,
    true,
    0,
    -1,
    0.5,
    2 ** 31,
    2 ** 53,
    1e300,
    '',
    '/',
    '..',
    'a\0b',
    'x'.repeat(5000),
    [],
    {},
    [null],
    [[]],
    [''],
  ],
  ...[{ '': 0 }, { path: '/../x', type: 'q' }, { __proto__: null, type: 'pid' }],
)

/** The places of a JSON value, as paths of keys. */
function placesOf(value: unknown, path: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [path]
  return [path, ...Object.entries(value).flatMap(([key, each]) => placesOf(each, [...path, key]))].filter(
    ({ length }) => length > 0,
  )
}

function replaced(value: unknown, [key = '', ...rest]: readonly string[], by: unknown): unknown {
  const copy = structuredClone(value) as Record<string, unknown>
  copy[key] = rest.length === 0 ? by : replaced(copy[key], rest, by)
  return copy
}

/** It is either done, or refused in the runtime's own words. */
async function endsWell(call: Promise<unknown>, what: string): Promise<'done' | 'refused'> {
  const before = performance.now()
  let end: 'done' | 'refused' = 'done'
  await call.catch((error: unknown) => {
    end = 'refused'
    assert.doesNotMatch(
      messageOf(error),
      /\n {4}at |Cannot read prop|is not a function|is not iterable|undefined/,
      what,
    )
    assert.ok(codeOf(error), what)
  })
  assert.ok(performance.now() - before < 10_000, what)
  return end
}

test('a config.json with any value in any place', { ...rooted, timeout: 120_000 }, async () => {
  await using workshop = new Workshop()
  const bundle = workshop.bundle(['true'], (spec) => {
    spec.process.rlimits = [{ type: 'RLIMIT_NOFILE', soft: 10, hard: 20 }]
    spec.linux.devices = [{ type: 'c', path: '/dev/extra', major: 1, minor: 3 }]
    spec.linux.seccomp = { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['mount'], action: 'SCMP_ACT_ERRNO' }] }
  })
  const file = join(bundle, 'config.json')
  const valid = JSON.parse(readFileSync(file, 'utf8'))
  // Where its cgroup is stays the test's own affair.
  const places = placesOf(valid).filter((path) => path.join('.') !== 'linux' && !path.includes('cgroupsPath'))
  const ends = { done: 0, refused: 0 }
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...places), junk, async (path, value) => {
      writeFileSync(file, JSON.stringify(replaced(valid, path, value)))
      ends[await endsWell(workshop.runBundle(bundle), `${path.join('.')} = ${JSON.stringify(value)?.slice(0, 80)}`)]++
    }),
    { numRuns: 200, seed, endOnFailure: true },
  )
  assert.ok(ends.done >= 5 && ends.refused >= 50, JSON.stringify(ends))
  writeFileSync(file, JSON.stringify(valid))
  assert.equal((await workshop.runBundle(bundle)).exitCode, 0)
})

test('a process with any value in any place, beside one that is right', { ...rooted, timeout: 60_000 }, async () => {
  await using workshop = new Workshop()
  const id = await workshop.running()
  const valid = {
    args: ['true'],
    cwd: '/',
    env: ['PATH=/bin'],
    user: { uid: 0, gid: 0, additionalGids: [1] },
    terminal: false,
  }
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...placesOf(valid)), junk, async (path, value) => {
      const process = replaced(valid, path, value) as typeof valid
      await endsWell(workshop.exec(id, [], { process }), `${path.join('.')} = ${JSON.stringify(value)?.slice(0, 80)}`)
    }),
    { numRuns: 100, seed, endOnFailure: true },
  )
  assert.equal((await workshop.exec(id, [], { process: valid })).exitCode, 0)
})

test('a state.json that is damaged is said to be, and does not hide the others', rooted, async () => {
  await using workshop = new Workshop()
  const id = await workshop.running()
  const file = join(workshop.root, 'broken', 'state.json')
  mkdirSync(join(workshop.root, 'broken'))
  for (const text of ['', '{', 'null', '[]', '5', '{"init_process_pid":"1"}', '\0'.repeat(100)]) {
    writeFileSync(file, text)
    await assert.rejects(workshop.runtime.state('broken'), { code: 'data-loss' }, text)
    assert.equal((await workshop.runtime.state(id)).status, 'running')
  }
  rmSync(join(workshop.root, 'broken'), { recursive: true })
})

test('an exec.fifo that is something else does not start anything, and does not hang', rooted, async () => {
  await using workshop = new Workshop()
  for (const kind of ['file', 'symlink', 'directory'] as const) {
    const bundle = workshop.bundle(['true'])
    await workshop.runtime.create(kind, { bundle, stdio: ['ignore', 'ignore', 'ignore'] })
    const fifo = join(workshop.root, kind, 'exec.fifo')
    rmSync(fifo)
    if (kind === 'file') writeFileSync(fifo, '')
    if (kind === 'symlink') symlinkSync('/dev/zero', fifo)
    if (kind === 'directory') mkdirSync(fifo)
    const signal = AbortSignal.timeout(1000)
    await assert.rejects(workshop.runtime.start(kind, { signal }))
    await workshop.runtime.delete(kind, { force: true })
  }
})
