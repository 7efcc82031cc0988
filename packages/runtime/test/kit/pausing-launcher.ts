// SPDX-License-Identifier: Apache-2.0
import { type Duplex, duplexPair } from 'node:stream'
import { encodeRecord, launchLayouts, protocolConstants, RecordReader, type SyncRecord, syncLayouts } from '@teu/linux'
import type { InitLauncher } from '@teu/runtime'
import { launchDirectly } from '../../src/launch/default-launcher.ts'
import { encodeProgram, type Step } from '../../src/program/program.ts'

/** A moment of a launch in which a test does something. */
export interface Pause {
  /** Whether init shall stop before this step. */
  before: (step: Step) => boolean
  /** What happens while it is stopped. `pid` is that of the final init; 0 before it exists. */
  act: (pid: number) => void | Promise<void>
}

const headerLength = 16

/**
 * Launches init with pauses: where runtime hooks would be, init stops and waits to be told to go on, so a step that is
 * nothing but that is put in front of each one of interest. Neither the runtime nor init knows of it.
 */
export function pausingLauncher(...pauses: readonly Pause[]): InitLauncher {
  return async (request) => {
    const launched = await launchDirectly(request)
    const [outside, inside] = duplexPair()
    new Between(launched.channel, inside, pauses)
    outside.on('close', () => launched.channel.destroy())
    return { ...launched, channel: outside }
  }
}

/** Stands between the runtime and init. */
class Between {
  readonly #init: Duplex
  readonly #runtime: Duplex
  readonly #pauses: readonly Pause[]
  #program: Buffer | undefined = Buffer.alloc(0)
  /** For each stop that init will report: what a test does in it, or nothing for a stop of the runtime's own. */
  readonly #stops: (Pause | undefined)[] = []
  /** Places of the added steps in the program that init has. */
  readonly #added: number[] = []
  #pid = 0

  constructor(init: Duplex, runtime: Duplex, pauses: readonly Pause[]) {
    this.#init = init
    this.#runtime = runtime
    this.#pauses = pauses
    const reader = new RecordReader<SyncRecord>(syncLayouts, protocolConstants.maxMessageBytes)
    let told = Promise.resolve()
    init.on('data', (chunk: Buffer) => {
      for (const record of reader.push(chunk)) told = told.then(() => this.#fromInit(record))
    })
    init.on('error', () => {})
    init.on('end', () => void told.then(() => runtime.end()))
    init.on('close', () => void told.then(() => runtime.end()))
    runtime.on('data', (chunk: Buffer) => this.#fromRuntime(chunk))
    runtime.on('error', () => {})
  }

  #fromRuntime(chunk: Buffer): void {
    if (this.#program === undefined) {
      this.#init.write(chunk)
      return
    }
    this.#program = Buffer.concat([this.#program, chunk])
    if (this.#program.length < headerLength) return
    const end = headerLength + this.#program.readUInt32LE(8)
    if (this.#program.length < end) return
    const body = this.#program.subarray(headerLength, end)
    const rest = this.#program.subarray(end)
    this.#program = undefined
    const steps = new RecordReader<Step>(launchLayouts, protocolConstants.maxProgramBytes).push(body)
    this.#init.write(encodeProgram(this.#withPauses(steps)))
    if (rest.length > 0) this.#init.write(rest)
  }

  #withPauses(steps: readonly Step[]): Step[] {
    const result: Step[] = []
    for (const step of steps) {
      for (const pause of this.#pauses.filter(({ before }) => before(step))) {
        this.#stops.push(pause)
        this.#added.push(result.length)
        result.push({ kind: 'runtime-hooks' })
      }
      if (step.kind === 'runtime-hooks') this.#stops.push(undefined)
      result.push(step)
    }
    if (this.#added.length === 0) throw new Error('no step to stop before')
    return result
  }

  async #fromInit(record: SyncRecord): Promise<void> {
    if (record.kind === 'pid') this.#pid = record.pid
    if (record.kind === 'hooks') {
      const stop = this.#stops.shift()
      if (stop !== undefined) {
        await stop.act(this.#pid)
        this.#init.write(encodeRecord<SyncRecord>(syncLayouts, { kind: 'go' }))
        return
      }
    }
    this.#runtime.write(encodeRecord(syncLayouts, this.#shifted(record)))
  }

  /** A failure names a step by its place, which is another one without the added steps. */
  #shifted(record: SyncRecord): SyncRecord {
    if (record.kind !== 'failure') return record
    return { ...record, step: record.step - this.#added.filter((at) => at < record.step).length }
  }
}
