// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { globSync, rmdirSync, writeFileSync } from 'node:fs'
import { imageArchive } from './programs.ts'
import type { RunResult, Sandbox } from './sandbox.ts'
import { Terminal } from './terminal.ts'

/** podman with an OCI runtime, with storage and state of its own. */
export class Podman {
  readonly #sandbox: Sandbox
  readonly #options: readonly string[]
  readonly #folder: string

  /** `key` is part of its folders' names; `runtime` is a path. */
  constructor(sandbox: Sandbox, key: string, runtime: string) {
    this.#sandbox = sandbox
    this.#folder = sandbox.path(key)
    this.#options = [
      ['--root', `${this.#folder}/data`, '--runroot', `${this.#folder}/run`, '--tmpdir', `${this.#folder}/tmp`],
      ['--cgroup-manager', 'cgroupfs', '--events-backend', 'none', '--runtime', runtime],
    ].flat()
  }

  /** Loads busybox. */
  async open(): Promise<void> {
    const policy = this.#sandbox.path('policy.json')
    writeFileSync(policy, '{"default":[{"type":"insecureAcceptAnything"}]}')
    await this.output('load', '-q', '--signature-policy', policy, '-i', imageArchive('busybox'))
  }

  /** Removes what a failure left and the images, and the mount that podman leaves. */
  async close(): Promise<void> {
    for (const things of [
      ['pod', 'rm', '-f', '-a', '-t', '0'],
      ['rm', '-f', '-a', '-t', '0'],
      ['rmi', '-a', '-f'],
    ])
      await this.run(...things)
    await this.#sandbox.run('umount', ['-R', `${this.#folder}/data/overlay`])
  }

  /** What containers and pods are made with here: no network, a cgroup of the sandbox. */
  get place(): string[] {
    return ['--cgroup-parent', this.#sandbox.cgroupParent, '--network', 'none']
  }

  /** The words of `podman run` for a container of busybox. */
  words(flags: readonly string[], ...command: string[]): string[] {
    return ['run', ...this.place, ...flags, 'busybox', ...command]
  }

  async run(...args: string[]): Promise<Pick<RunResult, 'status' | 'stdout' | 'stderr'>> {
    // Where it is called conmon leaves a file when memory ran out.
    const options = { cwd: this.#sandbox.directory }
    const { status, stdout, stderr } = await this.#sandbox.run('podman', [...this.#options, ...args], options)
    return { status, stdout: plain(stdout), stderr: plain(stderr) }
  }

  /** What a command that must succeed printed. */
  async output(...args: string[]): Promise<string> {
    const { status, stdout, stderr } = await this.run(...args)
    assert.equal(status, 0, `podman ${args.join(' ')}\n${stdout}${stderr}`)
    return stdout
  }

  /** A command on a terminal. */
  terminal(...args: string[]): Terminal {
    return new Terminal(this.#sandbox, 'podman', [...this.#options, ...args])
  }
}

/**
 * podman leaves the cgroups that it made for conmon, and those of pods in hierarchies without limits; a container's
 * would be in the others too.
 */
export function removePodmanCgroups(sandbox: Sandbox): void {
  const own = [`/sys/fs/cgroup/{,*/}${sandbox.id}/conmon`, `/sys/fs/cgroup/{unified,systemd}/${sandbox.id}/*/`]
  for (const folder of own.flatMap((pattern) => globSync(pattern))) rmdirSync(folder)
}

/** Without ids, and without the name that a runtime gives itself in an error. */
function plain(text: string): string {
  return text
    .replaceAll(/[0-9a-f]{64}/g, 'ID64')
    .replaceAll(/\b[0-9a-f]{12}\b/g, 'ID12')
    .replaceAll(/(runc|\/\S*\/teu-runtime|teu-runtime|\/usr\/sbin\/runc)\b/g, 'RUNTIME')
}
