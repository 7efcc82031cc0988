// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import type { Daemon } from './originals.ts'
import { imageArchive } from './programs.ts'
import { type RunOptions, type Sandbox, until } from './sandbox.ts'
import { Terminal } from './terminal.ts'

/** The name that the archive's image gets on import. */
export const busybox = 'docker.io/library/busybox:latest'

/** Debian's ctr on a containerd, whose containers stay below the sandbox's cgroup parent. */
export class Ctr {
  readonly #sandbox: Sandbox
  readonly #socket: string

  constructor(sandbox: Sandbox, containerd: Daemon) {
    this.#sandbox = sandbox
    this.#socket = containerd.socket
  }

  run(args: readonly string[], options?: RunOptions) {
    return this.#sandbox.run('ctr', ['-a', this.#socket, ...args], options)
  }

  async output(...args: string[]): Promise<string> {
    const result = await this.run(args)
    assert.equal(result.status, 0, `ctr ${args.join(' ')}\n${result.stdout}${result.stderr}`)
    return result.stdout
  }

  /** A container's id: runc keeps its state in one place for all, so a name alone would clash. */
  id(name: string): string {
    return `${this.#sandbox.id}-${name}`
  }

  /** `ctr run` of a container called `name` here, with the sandbox's cgroup parent. */
  start(name: string, flags: readonly string[], command: readonly string[], options?: RunOptions) {
    const cgroup = `${this.#sandbox.cgroupParent}/${name}`
    return this.run(['run', '--cgroup', cgroup, ...flags, busybox, this.id(name), ...command], options)
  }

  /** Imports the busybox archive. */
  async importBusybox(): Promise<void> {
    assert.match(
      await this.output('images', 'import', imageArchive('busybox')),
      /unpacking docker\.io\/library\/busybox:latest/,
    )
  }

  /** As {@link Ctr.start}, on a terminal of its own; `-t` is added. */
  startOnTerminal(name: string, flags: readonly string[], command: readonly string[]): Terminal {
    const cgroup = `${this.#sandbox.cgroupParent}/${name}`
    return this.terminal('run', '-t', '--cgroup', cgroup, ...flags, busybox, this.id(name), ...command)
  }

  /** ctr on a terminal. */
  terminal(...args: string[]): Terminal {
    return new Terminal(this.#sandbox, 'ctr', ['-a', this.#socket, ...args])
  }

  /** The pid and the status that `ctr tasks ls` tells of a container called `name` here; undefined without a task. */
  async task(name: string): Promise<{ pid: number; status: string } | undefined> {
    const line = new RegExp(`^${this.id(name)} +(\\d+) +(\\w+)`, 'm').exec(await this.output('tasks', 'ls'))
    return line?.[1] && line[2] ? { pid: Number(line[1]), status: line[2] } : undefined
  }

  /** Waits until the task of `name` has `status`, in ctr's capital letters. */
  async reaches(name: string, status: string): Promise<void> {
    await until(`${name} is ${status}`, async () => (await this.task(name))?.status === status)
  }

  /** Removes a stopped task and its container; the exit status of the task. */
  async remove(name: string): Promise<number> {
    const { stderr } = await this.run(['tasks', 'rm', this.id(name)])
    await this.output('containers', 'rm', this.id(name))
    return Number(/exit with non-zero exit code (\d+)/.exec(stderr)?.[1] ?? 0)
  }
}
