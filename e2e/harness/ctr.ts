// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import type { Daemon } from './originals.ts'
import { imageArchive } from './programs.ts'
import { type RunOptions, type Sandbox, until } from './sandbox.ts'

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

  /**
   * The life of a container as ctr's users know it: run, exit codes, detached, exec, pause, kill, rm; what differs
   * between stacks is only what `flags` say.
   */
  async walk(flags: readonly string[]): Promise<void> {
    const ran = await this.start('once', ['--rm', ...flags], ['sh', '-c', 'echo out; echo err >&2; exit 3'])
    assert.deepEqual([ran.status, ran.stdout, ran.stderr.includes('err\n')], [3, 'out\n', true], ran.stderr)
    // More than the buffers on the way hold: ctr forgets to close an input that ends before the task was created.
    const fed = await this.start('fed', ['--rm', ...flags], ['wc', '-c'], { input: 'x'.repeat(300_000) })
    assert.equal(fed.stdout.trim(), '300000', fed.stderr)
    const long = this.id('long')
    const detached = await this.start('long', ['-d', ...flags], ['sleep', '1000'])
    assert.equal(detached.status, 0, detached.stderr)
    await until('the task runs', async () => /-long +\d+ +RUNNING/.test(await this.output('tasks', 'ls')))
    assert.equal(await this.output('tasks', 'exec', '--exec-id', 'e1', long, 'echo', 'inside'), 'inside\n')
    assert.equal((await this.run(['tasks', 'exec', '--exec-id', 'e2', long, 'sh', '-c', 'exit 9'])).status, 9)
    await this.output('tasks', 'pause', long)
    assert.match(await this.output('tasks', 'ls'), /PAUSED/)
    await this.output('tasks', 'resume', long)
    assert.match(await this.output('tasks', 'ps', long), /^PID/)
    assert.match(await this.output('tasks', 'metrics', long), /memory\.usage_in_bytes|pids\.current/)
    await this.output('tasks', 'kill', '--signal', 'SIGKILL', long)
    await until('the task stops', async () => /STOPPED/.test(await this.output('tasks', 'ls')))
    await this.run(['tasks', 'rm', long])
    await this.output('containers', 'rm', long)
    assert.equal((await this.output('containers', 'ls', '-q')).trim(), '')
  }
}
