// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { packJson, type Status } from '@teu/shim-api'
import { createTtrpcClient, type TtrpcClient } from '@teu/ttrpc'
import { baseSpec } from '../container/base-spec.ts'
import { until } from '../container/waiting.ts'
import { Bundle, type BundleInit, type Streams } from './bundle.ts'
import { readAddress, runShim, type ShimOutput } from './call-shim.ts'
import type { ShimContext } from './context.ts'
import { type ShimCalls, shimCalls } from './shim-calls.ts'

/** A bundle whose shim has been started and is connected to. */
export class ShimTask {
  readonly #context: ShimContext
  readonly #client: TtrpcClient
  readonly bundle: Bundle
  readonly calls: ShimCalls
  /** The path of the shim's socket. */
  readonly socket: string

  private constructor(context: ShimContext, bundle: Bundle, reply: { address: string; version: number }) {
    this.#context = context
    this.bundle = bundle
    this.socket = reply.address.replace(/^unix:\/\//, '')
    this.#client = createTtrpcClient(reply.address)
    this.calls = shimCalls(this.#client, reply.version, bundle.namespace)
  }

  /** Starts the shim of a bundle, or finds the one that serves it. */
  static async start(context: ShimContext, bundle: Bundle, env?: Record<string, string>): Promise<ShimTask> {
    const { status, stdout, stderr } = await callShim(context, bundle, 'start', env)
    assert.equal(status, 0, `start: ${stdout}${stderr}`)
    return new ShimTask(context, bundle, readAddress(`${stdout}${stderr}`))
  }

  get id(): string {
    return this.bundle.id
  }

  get client(): TtrpcClient {
    return this.#client
  }

  /** Creates the container; its pid. */
  async create(): Promise<number> {
    const { id, folder, rootfs, terminal, streams } = this.bundle
    const { stdin, stdout, stderr } = streams
    const { options } = this.#context
    const request = { id, bundle: folder, rootfs, terminal, stdin, stdout, stderr, options }
    return (await this.calls.create(request)).pid
  }

  async start(execId = ''): Promise<number> {
    return (await this.calls.start({ id: this.id, execId })).pid
  }

  /** The exit status, once there is one. Whoever fails before it awaits this fails with its own error. */
  wait(execId = ''): Promise<number> {
    const status = this.calls.wait({ id: this.id, execId }).then(({ exitStatus }) => exitStatus)
    status.catch(() => {})
    return status
  }

  kill(signal: number, execId = '', all = false): Promise<unknown> {
    return this.calls.kill({ id: this.id, execId, signal, all })
  }

  delete(execId = '') {
    return this.calls.delete({ id: this.id, execId })
  }

  state(execId = '') {
    return this.calls.state({ id: this.id, execId })
  }

  async status(execId = ''): Promise<Status> {
    return (await this.state(execId)).status
  }

  async shimPid(): Promise<number> {
    return (await this.calls.connect({ id: this.id })).shimPid
  }

  /** Adds a process that runs a script; its streams. */
  async exec(execId: string, script: string, program?: string): Promise<Streams> {
    const streams = this.bundle.makeStreams(execId, false)
    const { stdout, stderr } = streams
    const args = program ? [program] : ['/bin/sh', '-c', script]
    const process = { ...baseSpec('', args).process, terminal: false }
    const spec = packJson('types.containerd.io/opencontainers/runtime-spec/1/Process', process)
    await this.calls.exec({ id: this.id, execId, stdout, stderr, spec })
    return streams
  }

  /** Runs the shim's delete for the bundle. */
  deleteAction(): Promise<ShimOutput> {
    return callShim(this.#context, this.bundle, 'delete')
  }

  /** Asks the shim to go, and waits until its socket has. */
  async shutdown(): Promise<void> {
    await this.calls.shutdown({ id: this.id }).catch(ignore)
    await until('the socket goes', () => !existsSync(this.socket))
    this.#client.close()
  }

  /** Ends and removes whatever there is of the container, and asks the shim to go. */
  async remove(): Promise<void> {
    if (await this.state().catch(ignore)) {
      await this.calls.resume({ id: this.id }).catch(ignore)
      await this.kill(9, '', true).catch(ignore)
      await this.wait().catch(ignore)
      await this.delete().catch(ignore)
    }
    await this.calls.shutdown({ id: this.id }).catch(ignore)
    this.#client.close()
  }
}

const ignore = () => undefined

function callShim(context: ShimContext, bundle: Bundle, action: 'start' | 'delete', env?: Record<string, string>) {
  const { shim: program, address, options } = context
  const { id, namespace, folder } = bundle
  return runShim({ program, action, namespace, id, bundle: folder, address, options, env })
}

/** Runs `use` with a shim that is started for a bundle, and nothing created. All of it is removed in the end. */
export async function withShim(
  context: ShimContext,
  script: string,
  use: (task: ShimTask) => Promise<void>,
  init?: BundleInit,
): Promise<void> {
  const task = await ShimTask.start(context, await Bundle.create(context, script, init))
  try {
    await use(task)
  } finally {
    await task.remove()
  }
}

/** Runs `use` with a container that is created. */
export function withTask(
  context: ShimContext,
  script: string,
  use: (task: ShimTask, pid: number) => Promise<void>,
  init?: BundleInit,
): Promise<void> {
  return withShim(context, script, async (task) => use(task, await task.create()), init)
}
