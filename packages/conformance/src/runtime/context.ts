// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { copyFile, glob, mkdir, mkdtemp, rm, rmdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Spec } from '@teu/oci-spec/runtime'
import { baseSpec } from '../container/base-spec.ts'

/** How a runtime is put under test. @public */
export interface RuntimeContextInit {
  /** The runtime's program: a path, or a name to find in `PATH`. */
  runtime: string
  /** A static program that is both `sh` and its tools; `/bin/busybox` by default. */
  busybox?: string
}

export interface RunOutcome {
  status: number | null
  stdout: string
  stderr: string
}

/**
 * A runtime, driven by its command line. It owns a root directory, a bundle and a cgroup below `/` with a name of its
 * own; {@link RuntimeContext.dispose} takes all of it away.
 */
export class RuntimeContext {
  readonly #runtime: string
  readonly #directory: string
  /** In the name of every container and cgroup of the run. */
  readonly prefix = `conformance-${randomBytes(4).toString('hex')}`
  #count = 0

  private constructor(runtime: string, directory: string) {
    this.#runtime = runtime
    this.#directory = directory
  }

  /** Makes the bundle's root file system from a static busybox. */
  static async create({ runtime, busybox = '/bin/busybox' }: RuntimeContextInit): Promise<RuntimeContext> {
    const directory = await mkdtemp(path.join(tmpdir(), 'oci-runtime-'))
    const context = new RuntimeContext(runtime, directory)
    for (const folder of ['bin', 'proc', 'sys', 'dev', 'tmp', 'etc'])
      await mkdir(path.join(context.bundle, 'rootfs', folder), { recursive: true })
    for (const applet of ['sh', 'busybox']) await copyFile(busybox, path.join(context.bundle, 'rootfs/bin', applet))
    return context
  }

  /** The bundle's folder. */
  get bundle(): string {
    return path.join(this.#directory, 'bundle')
  }

  /** A path in the run's own folder. */
  path(name: string): string {
    return path.join(this.#directory, name)
  }

  /** A new container id. */
  id(): string {
    return `${this.prefix}-${this.#count++}`
  }

  /** Writes a config.json that runs a shell script, changed by `change`. */
  async configure(script: string, change: (spec: Spec) => void = () => {}): Promise<void> {
    const spec = baseSpec(`/${this.prefix}/c${this.#count}`, ['/bin/sh', '-c', script])
    change(spec)
    await writeFile(path.join(this.bundle, 'config.json'), JSON.stringify(spec))
  }

  /** Starts the runtime with a subcommand; the caller reads its streams. */
  spawn(args: readonly string[]): ChildProcess {
    return spawn(this.#runtime, ['--root', this.path('root'), ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  }

  /** Runs a subcommand to its end; it is killed after 20 seconds. Output goes to files, as detached callers have it. */
  async run(...args: string[]): Promise<RunOutcome> {
    const child = this.spawn(args)
    const timer = setTimeout(() => child.kill('SIGKILL'), 20_000)
    const texts = { stdout: '', stderr: '' }
    for (const name of ['stdout', 'stderr'] as const)
      child[name]?.setEncoding('utf8').on('data', (chunk: string) => {
        texts[name] += chunk
      })
    const status = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject)
      child.once('exit', resolve)
    })
    clearTimeout(timer)
    await new Promise((resolve) => setTimeout(resolve, 20))
    return { status, ...texts }
  }

  /** Runs a script in the foreground in a container of its own. */
  async script(script: string, change?: (spec: Spec) => void): Promise<RunOutcome> {
    await this.configure(script, change)
    return this.run('run', '--bundle', this.bundle, this.id())
  }

  /** The state document of a container. */
  async state(id: string): Promise<{ status: string; pid: number; bundle: string; ociVersion: string }> {
    const { status, stdout, stderr } = await this.run('state', id)
    if (status !== 0) throw new Error(`state ${id}: ${stderr}`)
    return JSON.parse(stdout)
  }

  /** Removes whatever containers are left, the cgroup above them, which runtimes leave, and the folder. */
  async dispose(): Promise<void> {
    for (let index = 0; index < this.#count; index++) await this.run('delete', '--force', `${this.prefix}-${index}`)
    for await (const cgroup of glob(`/sys/fs/cgroup/{,*/}${this.prefix}`)) await rmdir(cgroup)
    await rm(this.#directory, { recursive: true, force: true })
  }
}
