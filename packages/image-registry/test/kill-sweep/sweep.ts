// SPDX-License-Identifier: Apache-2.0
// Kills a server at a step of an operation, starts another on what it left, and looks whether that is right.
import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { checkStore, createRegistry } from '@teu/image-registry/server'
import type { Claim, Operation, Target } from './operations.ts'

/** One kill. */
export interface Kill {
  operation: string
  number: number
  /** The step at which it died; `undefined`: the operation was through before. */
  step: string | undefined
}

interface Child extends Target {
  process: ChildProcess
  /** Resolves with the last step when it died. */
  died: Promise<string | undefined>
}

/** Kills at steps 1, 1 + stride, … of an operation until it gets through; tells of each kill. */
export async function sweep(
  operation: Operation,
  { first = 1, stride = 1, onKill = () => {} }: { first?: number; stride?: number; onKill?: (kill: Kill) => void } = {},
): Promise<number> {
  const work = await mkdtemp(path.join(tmpdir(), 'teu-kill-sweep-'))
  try {
    const before = path.join(work, 'before')
    const child = await start(before, 0)
    await operation.prepare(child)
    child.process.send('close')
    await child.died
    for (let number = first; ; number += stride) {
      const directory = path.join(work, `at-${number}`)
      await cp(before, directory, { recursive: true })
      const step = await killOnce(operation, directory, number)
      onKill({ operation: operation.name, number, step })
      await rm(directory, { recursive: true })
      if (step === undefined) return number
    }
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

async function killOnce(operation: Operation, directory: string, number: number): Promise<string | undefined> {
  const claims: Claim[] = [...operation.invariants]
  let isThrough = false
  const child = await start(directory, number).catch((error: unknown) => {
    if (error instanceof DiedAtStart) return error
    throw error
  })
  if (child instanceof DiedAtStart) {
    await examine(operation, directory, claims)
    return child.step
  }
  try {
    await operation.run(child, (claim) => claims.push(claim))
    isThrough = true
  } catch (error) {
    // A refusal is no death: only a server that is gone may leave its clients without an answer.
    if (error instanceof assert.AssertionError) throw error
  }
  if (isThrough) child.process.send('close', () => {})
  const step = await child.died
  await examine(operation, directory, claims)
  return isThrough && child.process.signalCode === null ? undefined : (step ?? 'exit')
}

/** All that was acknowledged is there, and the operation can be repeated. */
async function examine(operation: Operation, directory: string, claims: Claim[]): Promise<void> {
  await using registry = await createRegistry({ storage: directory })
  const target = { url: registry.url, collect: () => collect(registry) }
  const isWell = async () => assert.deepEqual((await checkStore(registry.store)).findings, [])
  const holds = async () => {
    for (const claim of claims) await claim(registry.url)
  }
  await isWell()
  await holds()
  await operation.run(target, (claim) => claims.push(claim))
  await isWell()
  await holds()
  await collect(registry)
  await isWell()
  for (const claim of operation.invariants) await claim(registry.url)
}

type Collecting = Pick<Awaited<ReturnType<typeof createRegistry>>, 'collectGarbage'>

async function collect(registry: Collecting): Promise<void> {
  await registry.collectGarbage({ olderThanMs: -60_000, untaggedOlderThanMs: -60_000 })
}

class DiedAtStart extends Error {
  readonly step: string
  constructor(step: string) {
    super(`died at ${step}`)
    this.step = step
  }
}

async function start(directory: string, killAt: number): Promise<Child> {
  const program = path.join(import.meta.dirname, 'child.ts')
  const child = fork(program, [directory, String(killAt)], { execArgv: ['--conditions=teu-source'], stdio: 'inherit' })
  let last: string | undefined
  const ready = Promise.withResolvers<string>()
  const collected: (() => void)[] = []
  child.on('message', (message: { step?: string; url?: string } | 'collected') => {
    if (message === 'collected') collected.shift()?.()
    else if (message.url !== undefined) ready.resolve(message.url)
    else last = message.step
  })
  const died = new Promise<string | undefined>((resolve) => {
    child.once('exit', () => {
      ready.reject(new DiedAtStart(last ?? 'start'))
      resolve(last)
    })
  })
  const collectIt = () =>
    new Promise<void>((resolve, reject) => {
      collected.push(resolve)
      child.once('exit', () => reject(new Error('died while it collected')))
      child.send('collect', (error) => error && reject(error))
    })
  return { url: await ready.promise, collect: collectIt, process: child, died }
}
