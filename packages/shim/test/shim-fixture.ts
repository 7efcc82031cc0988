// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, constants, createReadStream, openSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { chmod, copyFile, link, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import {
  type Any,
  connectShim,
  type Envelope,
  EventsDefinition,
  ociTypeUrls,
  packAny,
  packJson,
  RuncOptions,
  runcOptions,
  type ShimCall,
  type ShimConnection,
  type StartReply,
  startShim,
  type TaskService,
} from '@teu/shim-api'
import { createTtrpcServer, type TtrpcServer } from '@teu/ttrpc'
import { containerConfig } from './container-config.ts'

const shimSource = join(import.meta.dirname, '../src/bin/containerd-shim-teu-v1.ts')

/** What a test says of a container. */
export interface ContainerInit {
  args: string[]
  terminal?: boolean
  /** A runtime program; empty for our own runtime as a library. */
  binaryName?: string
  annotations?: Record<string, string>
  stdin?: boolean
  sharedPids?: boolean
  memoryLimit?: number
  user?: number
}

/** A bundle with its FIFOs. */
export interface Bundle {
  id: string
  path: string
  options: Any
  terminal: boolean
  stdin: string
  stdout: string
  stderr: string
}

/** Plays containerd for a shim: bundles, the Events service, and the bootstrap; all in one temporary folder. */
export class ShimFixture implements AsyncDisposable {
  readonly events: Envelope[] = []
  readonly folder: string
  readonly #server: TtrpcServer
  readonly #connections: ShimConnection[] = []
  readonly #bundles: Bundle[] = []
  readonly cgroup = `/teu-test-${randomBytes(4).toString('hex')}`

  readonly #program: string | undefined
  readonly #logs: number[] = []

  private constructor(folder: string, server: TtrpcServer, program: string | undefined) {
    this.folder = folder
    this.#program = program
    this.#server = server
  }

  /** With the program of another shim, it is that one's tests. */
  static async create(program?: string): Promise<ShimFixture> {
    const folder = await mkdtemp('/tmp/teu-shim-')
    const server = createTtrpcServer()
    const fixture = new ShimFixture(folder, server, program)
    server.add(EventsDefinition, {
      forward: async ({ envelope }) => {
        if (envelope !== undefined) fixture.events.push(envelope)
        return {}
      },
    })
    await server.listen(fixture.ttrpcAddress)
    const wrapper = join(folder, 'containerd-shim-teu-v1')
    await writeFile(wrapper, `#!/bin/sh\nexec ${process.execPath} --conditions=teu-source ${shimSource} "$@"\n`)
    await chmod(wrapper, 0o755)
    await copyFile('/bin/busybox', join(folder, 'busybox'))
    return fixture
  }

  get shimBinary(): string {
    return this.#program ?? join(this.folder, 'containerd-shim-teu-v1')
  }

  get ttrpcAddress(): string {
    return join(this.folder, 'c.sock.ttrpc')
  }

  /** Makes a bundle with busybox as its root file system. */
  async bundle(init: ContainerInit): Promise<Bundle> {
    const id = `t${randomBytes(6).toString('hex')}`
    const path = join(this.folder, 'bundles', id)
    const bin = join(path, 'rootfs/bin')
    await mkdir(bin, { recursive: true })
    for (const name of ['proc', 'dev', 'tmp', 'sys']) await mkdir(join(path, 'rootfs', name))
    await link(join(this.folder, 'busybox'), join(bin, 'busybox'))
    for (const name of ['sh', 'cat', 'echo', 'dd', 'sleep', 'true', 'false', 'stty', 'kill', 'seq']) {
      await symlink('busybox', join(bin, name))
    }
    const config = containerConfig({ ...init, cgroupsPath: `${this.cgroup}/${id}` })
    await writeFile(join(path, 'config.json'), JSON.stringify(config))
    const fifo = (name: string) => {
      execFileSync('mkfifo', ['-m', '0700', join(path, name)])
      return join(path, name)
    }
    // The original does not live without somebody to tell.
    if (this.#program !== undefined) this.#logs.push(openSync(fifo('log'), constants.O_RDWR | constants.O_NONBLOCK))
    const bundle: Bundle = {
      id,
      path,
      options: packAny(
        runcOptions,
        RuncOptions.fromPartial({ binaryName: init.binaryName ?? '', root: join(this.folder, 'runtime') }),
      ),
      terminal: init.terminal ?? false,
      stdin: init.stdin ? fifo('stdin') : '',
      stdout: fifo('stdout'),
      stderr: init.terminal ? '' : fifo('stderr'),
    }
    this.#bundles.push(bundle)
    return bundle
  }

  /** Runs the shim's start action for a bundle. */
  start(bundle: Bundle, call: Partial<ShimCall> = {}): Promise<StartReply> {
    return startShim({
      binary: this.shimBinary,
      namespace: 'test',
      id: bundle.id,
      bundle: bundle.path,
      address: join(this.folder, 'c.sock'),
      ttrpcAddress: this.ttrpcAddress,
      maximumTaskVersion: 3,
      serves: 'namespace',
      ...call,
    })
  }

  /** Starts the shim of a bundle and connects to it. */
  async connect(bundle: Bundle, call: Partial<ShimCall> = {}): Promise<TaskService> {
    const connection = connectShim(await this.start(bundle, call))
    this.#connections.push(connection)
    return connection.task
  }

  /** Asks a shim to create the task of a bundle. */
  async createTask(task: TaskService, bundle: Bundle): Promise<number> {
    const { id, path, terminal, stdin, stdout, stderr, options } = bundle
    const request = { id, bundle: path, rootfs: [], terminal, stdin, stdout, stderr, options }
    const { pid } = await task.create({ ...request, checkpoint: '', parentCheckpoint: '' }, { timeoutMs: 20_000 })
    return pid
  }

  /** Kills every shim of this folder, without a chance to say goodbye. */
  killShims(): void {
    for (const pid of shimsOf(this.folder)) killQuietly(pid)
  }

  /** The topics of one container's events so far, an exit with the id of its process. */
  topics(id: string): string[] {
    return this.events.flatMap(({ topic, event }) => {
      const fields = decodeIds(event as Any)
      if (fields.containerId !== id) return []
      const name = topic.replace('/tasks/', '')
      return [name === 'exit' ? `exit ${fields.id === id ? 'init' : fields.id}` : name]
    })
  }

  /** What every event says, in their order. */
  happened(): { containerId: string; topic: string }[] {
    return this.events.map(({ topic, event }) => {
      return { containerId: decodeIds(event as Any).containerId, topic: topic.replace('/tasks/', '') }
    })
  }

  /** Waits until `condition` holds. */
  async until(condition: () => boolean | Promise<boolean>, ms = 10_000): Promise<void> {
    const end = Date.now() + ms
    while (!(await condition())) {
      if (Date.now() > end) throw new Error('the condition did not come true')
      await delay(20)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Only a shim that leaves by itself takes its socket along, which another one has in a folder of its own.
    if (this.#program !== undefined) await this.#shutdownAll()
    for (const connection of this.#connections) connection.close()
    this.killShims()
    for (const bundle of this.#bundles) {
      await this.#killCgroup(bundle.id)
      for (const path of [bundle.stdin, bundle.stdout, bundle.stderr]) releaseReaders(path)
    }
    for (const log of this.#logs) closeSync(log)
    await this.#server.close()
    await delay(50)
    await rm(this.folder, { recursive: true, force: true })
    await this.#removeCgroups()
  }

  async #shutdownAll(): Promise<void> {
    for (const { task } of this.#connections) {
      await task.shutdown({ id: '', now: true }, { timeoutMs: 2000 }).catch(() => {})
    }
  }

  async #killCgroup(id: string): Promise<void> {
    const procs = `/sys/fs/cgroup/pids${this.cgroup}/${id}/cgroup.procs`
    for (const line of (await readFile(procs, 'utf8').catch(() => '')).split('\n')) {
      if (line !== '') killQuietly(Number(line))
    }
  }

  async #removeCgroups(): Promise<void> {
    try {
      execFileSync('sh', [
        '-c',
        `find /sys/fs/cgroup/*${this.cgroup} -depth -type d -exec rmdir {} + 2>/dev/null || true`,
      ])
    } catch {}
  }
}

/** Everything that a FIFO gives until its end. */
export async function readAll(path: string): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of createReadStream(path)) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** The process of an exec. */
export function execProcess(args: string[], terminal = false): Any {
  return packJson(ociTypeUrls.process, { ...containerConfig({ args, terminal }).process, terminal })
}

function decodeIds(event: Any): { containerId: string; id: string } {
  // In every task event the container's id is field 1; in an exit the process is field 2.
  const bytes = Buffer.from(event.value)
  const fields = { containerId: '', id: '' }
  let at = 0
  for (const [tag, name] of [
    [10, 'containerId'],
    [18, 'id'],
  ] as const) {
    if (bytes[at] !== tag) break
    const length = bytes[at + 1] as number
    fields[name] = bytes.subarray(at + 2, at + 2 + length).toString()
    at += 2 + length
  }
  return fields
}

/** The shims that were started with addresses in `folder`. */
function shimsOf(folder: string): number[] {
  return readdirSync('/proc').flatMap((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(`${folder}/c.sock`)
        ? [Number(name)]
        : []
    } catch {
      return []
    }
  })
}

/** A test that failed early may have left somebody waiting for the other end of a FIFO. */
function releaseReaders(path: string): void {
  try {
    closeSync(openSync(path, constants.O_RDWR | constants.O_NONBLOCK))
  } catch {}
}

/** The processes whose working directory is `path`, as a monitor's is its bundle. */
export function processesIn(path: string): number[] {
  return readdirSync('/proc').flatMap((name) => {
    try {
      return /^\d+$/.test(name) && readlinkSync(`/proc/${name}/cwd`) === path ? [Number(name)] : []
    } catch {
      return []
    }
  })
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {}
}
