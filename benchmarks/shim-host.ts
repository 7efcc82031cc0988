// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import {
  type Any,
  connectShim,
  EventsDefinition,
  ociTypeUrls,
  packAny,
  packJson,
  RuncOptions,
  runcOptions,
  type ShimConnection,
  startShim,
  type TaskService,
} from '@teu/shim-api'
import { createTtrpcServer, type TtrpcServer } from '@teu/ttrpc'
import type { Sandbox } from '../e2e/harness/sandbox.ts'

/** Which shim is measured, with which runtime; an empty one is the shim's own choice. */
export interface ShimProgram {
  name: string
  binary: string
  runtime: string
}

/** Containerd's part for one shim: bundles of one group on one root file system, and somebody who takes the events. */
export class ShimHost implements AsyncDisposable {
  readonly folder: string
  readonly #sandbox: Sandbox
  readonly #program: ShimProgram
  readonly #rootfs: string
  readonly #server: TtrpcServer
  #connection: ShimConnection | undefined
  #count = 0

  private constructor(sandbox: Sandbox, program: ShimProgram, rootfs: string, server: TtrpcServer) {
    this.#sandbox = sandbox
    this.#program = program
    this.#rootfs = rootfs
    this.#server = server
    this.folder = sandbox.path(`shim-${program.name}`)
  }

  static async open(sandbox: Sandbox, program: ShimProgram, rootfs: string): Promise<ShimHost> {
    const server = createTtrpcServer()
    server.add(EventsDefinition, { forward: async () => ({}) })
    const host = new ShimHost(sandbox, program, rootfs, server)
    mkdirSync(host.folder)
    await server.listen(path.join(host.folder, 'c.sock.ttrpc'))
    const reply = await host.start(host.bundle(['true']))
    host.#connection = connectShim(reply)
    return host
  }

  get task(): TaskService {
    return (this.#connection as ShimConnection).task
  }

  get #options(): Any {
    const options = { binaryName: this.#program.runtime, root: path.join(this.folder, 'runtime') }
    return packAny(runcOptions, RuncOptions.fromPartial(options))
  }

  /** Makes a bundle; its id is the last part of its path. */
  bundle(args: readonly string[]): string {
    const id = `${this.#program.name}${this.#count++}`
    const bundle = path.join(this.folder, id)
    mkdirSync(bundle)
    symlinkSync(this.#rootfs, path.join(bundle, 'rootfs'))
    // Containerd reads a shim's log from here, and the original does not start without.
    spawnSync('mkfifo', [path.join(bundle, 'log')])
    const config = {
      ociVersion: '1.0.2',
      process: ociProcess(args),
      root: { path: this.#rootfs },
      mounts: [{ destination: '/proc', type: 'proc', source: 'proc' }],
      annotations: { 'io.containerd.runc.v2.group': this.#program.name },
      linux: {
        cgroupsPath: `${this.#sandbox.cgroupParent}/${id}`,
        namespaces: ['pid', 'mount', 'ipc', 'uts', 'network'].map((type) => ({ type })),
      },
    }
    writeFileSync(path.join(bundle, 'config.json'), JSON.stringify(config))
    return bundle
  }

  /** The start action for a bundle. */
  async start(bundle: string) {
    const reader = this.#sandbox.spawn('cat', [path.join(bundle, 'log')], { stdio: 'ignore' })
    try {
      return await startShim({
        binary: this.#program.binary,
        namespace: 'bench',
        id: path.basename(bundle),
        bundle,
        address: path.join(this.folder, 'c.sock'),
        ttrpcAddress: path.join(this.folder, 'c.sock.ttrpc'),
        // As our containerd has it; the original knows nothing of it, and serves the group that its bundles name.
        serves: 'namespace',
        options: this.#options,
        env: { PATH: `${path.dirname(process.execPath)}:/usr/sbin:/usr/bin:/sbin:/bin` },
      })
    } finally {
      // The first one stays as long as the shim.
      if (this.#connection !== undefined) reader.kill()
    }
  }

  /** Makes the container of a bundle, with streams that are FIFOs or nothing. */
  async create(bundle: string, stdout = '', stdin = ''): Promise<number> {
    const id = path.basename(bundle)
    const streams = { stdin, stdout, stderr: stdout, terminal: false, checkpoint: '', parentCheckpoint: '' }
    const { pid } = await this.task.create({ id, bundle, rootfs: [], ...streams, options: this.#options })
    return pid
  }

  async run(args: readonly string[]): Promise<string> {
    const bundle = this.bundle(args)
    await this.create(bundle)
    const id = path.basename(bundle)
    await this.task.start({ id, execId: '' })
    return id
  }

  /** An exec from its registration to its removal. */
  async exec(id: string): Promise<void> {
    const execId = `exec${this.#count++}`
    const spec = packJson(ociTypeUrls.process, ociProcess(['true']))
    await this.task.exec({ id, execId, stdin: '', stdout: '', stderr: '', terminal: false, spec })
    await this.task.start({ id, execId })
    await this.task.wait({ id, execId })
    await this.task.delete({ id, execId })
  }

  async remove(id: string): Promise<void> {
    await this.task.kill({ id, execId: '', signal: 9, all: true }).catch(() => {})
    await this.task.wait({ id, execId: '' })
    await this.task.delete({ id, execId: '' })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.task.shutdown({ id: '', now: true }).catch(() => {})
    this.#connection?.close()
    await this.#server.close()
  }
}

function ociProcess(args: readonly string[]) {
  return { user: { uid: 0, gid: 0 }, args, env: ['PATH=/bin'], cwd: '/' }
}
