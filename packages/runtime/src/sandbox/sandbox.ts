// SPDX-License-Identifier: Apache-2.0
import { closeSync } from 'node:fs'
import { Socket } from 'node:net'
import { hasCode } from '@teu/errors'
import { makePipe } from '@teu/linux'
import type { ExitStatus } from '../container/options.ts'
import { StateDirectory } from '../container/state-file.ts'
import { cgroupOf } from '../container/status.ts'
import { createRuntime } from '../create-runtime.ts'
import type { Runtime } from '../runtime.ts'
import { makeHostRoot } from './host-root.ts'
import type { Sandbox, SandboxExit, SandboxOptions } from './sandbox-options.ts'
import { defaultCgroupParent, SandboxPlace } from './sandbox-place.ts'
import { sandboxIds, sandboxSpec } from './sandbox-spec.ts'

const sigkill = 9

/**
 * Runs a command that nobody trusts, without a daemon: in namespaces of its own, as nobody, with no capabilities, behind a
 * filter of system calls, with a read-only root, no network, and limits. `args[0]` is looked up in `PATH`. It works for
 * root, and for others where the kernel lets them make user namespaces.
 *
 * Rejects like {@link Runtime.create} and {@link Runtime.start} do: `invalid-argument` for a program that is not there,
 * `internal` when the kernel refuses a step, which the message names; with the signal's reason when that fires.
 *
 * @example
 * ```ts
 * import { text } from 'node:stream/consumers'
 * import { sandbox } from '@teu/runtime'
 *
 * await using box = await sandbox(['sh', '-c', 'id -u; ls /; exec cat'], { signal: AbortSignal.timeout(5000) })
 * box.stdin.end('hello')
 * box.stderr.resume()
 * console.log(await text(box.stdout), await box.exited)
 * ```
 *
 * @public
 */
export async function sandbox(args: readonly string[], options: SandboxOptions = {}): Promise<Sandbox> {
  options.signal?.throwIfAborted()
  const place = new SandboxPlace(options.stateDirectory)
  const runtime = createRuntime({ root: place.state })
  await place.sweep(runtime)
  const id = place.newId()
  const [input, output, errors] = [makePipe(), makePipe(), makePipe()]
  const stdio = [input.readEnd, output.writeEnd, errors.writeEnd] as const
  const call = options.signal ? { signal: options.signal } : {}
  try {
    const spec = compile(args, options, place, id)
    const created = await runtime.create(id, { bundle: place.state, spec, stdio, diesWithParent: true, ...call })
    await runtime.start(id, call)
    const exited = created.exited as Promise<ExitStatus>
    return new RunningSandbox(
      { place, runtime, id, pid: created.pid, exited },
      [input.writeEnd, output.readEnd, errors.readEnd],
      options.signal,
    )
  } catch (error) {
    for (const fd of [input.writeEnd, output.readEnd, errors.readEnd]) closeSync(fd)
    await place.remove(runtime, id)
    throw error
  } finally {
    for (const fd of stdio) closeSync(fd)
  }
}

function compile(args: readonly string[], options: SandboxOptions, place: SandboxPlace, id: string) {
  const caller = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 }
  const rootfs = options.rootfs ?? place.makeRoot(id)
  const rootMounts = options.rootfs === undefined ? makeHostRoot(rootfs, sandboxIds.uid, sandboxIds.gid) : []
  const cgroupsPath = caller.uid === 0 ? `${options.cgroupParent ?? defaultCgroupParent}/${id}` : id
  return sandboxSpec({ args, rootfs, rootMounts, options, caller, cgroupsPath })
}

/** What a running sandbox consists of. */
interface Parts {
  place: SandboxPlace
  runtime: Runtime
  id: string
  pid: number
  exited: Promise<ExitStatus>
}

class RunningSandbox implements Sandbox {
  readonly pid: number
  readonly stdin: Socket
  readonly stdout: Socket
  readonly stderr: Socket
  readonly exited: Promise<SandboxExit>
  readonly #parts: Parts

  constructor(parts: Parts, [input, output, errors]: [number, number, number], signal: AbortSignal | undefined) {
    this.#parts = parts
    this.pid = parts.pid
    this.stdin = new Socket({ fd: input, readable: false, writable: true })
    this.stdout = new Socket({ fd: output, readable: true, writable: false })
    this.stderr = new Socket({ fd: errors, readable: true, writable: false })
    // A command need not read its input: that the pipe breaks is no failure of the caller.
    this.stdin.on('error', () => {})
    this.exited = this.#awaitEnd(signal)
    // Who does not ask must not be hit by a failure.
    this.exited.catch(() => {})
  }

  async kill(signal = sigkill): Promise<void> {
    try {
      await this.#parts.runtime.kill(this.#parts.id, signal)
    } catch (error) {
      // It has ended already.
      if (!hasCode(error, 'failed-precondition') && !hasCode(error, 'not-found')) throw error
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
    await this.exited.catch(() => {})
    for (const stream of [this.stdin, this.stdout, this.stderr]) stream.destroy()
  }

  async #awaitEnd(signal: AbortSignal | undefined): Promise<SandboxExit> {
    const { place, runtime, id, exited } = this.#parts
    const abort = () => void this.kill().catch(() => {})
    signal?.addEventListener('abort', abort)
    if (signal?.aborted) abort()
    try {
      const status = await exited
      return { ...status, outOfMemory: this.#wasOutOfMemory() }
    } finally {
      signal?.removeEventListener('abort', abort)
      await place.remove(runtime, id)
      signal?.throwIfAborted()
    }
  }

  #wasOutOfMemory(): boolean {
    const cgroup = cgroupOf(new StateDirectory(this.#parts.place.state).read(this.#parts.id))
    return cgroup !== undefined && cgroup.oomKillCount() > 0n
  }
}
