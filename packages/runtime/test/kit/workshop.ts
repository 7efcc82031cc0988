// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Spec } from '@teu/oci-spec/runtime'
import { type CreateOptions, createRuntime, type ExecOptions, type Runtime } from '@teu/runtime'
import { installMachinePrograms } from '../../../../scripts/machine-programs.mjs'
import { defaultSpec } from '../../src/spec/default-spec.ts'

/** What a container printed and how it ended. */
export interface Outcome {
  exitCode: number
  output: string
}

/** Changes a spec in place. */
export type SpecChange = (spec: Spec & Required<Pick<Spec, 'process' | 'root' | 'linux' | 'mounts'>>) => void

/**
 * A place for containers: a state root, bundles and a cgroup parent of its own. Disposing of it proves that nothing is
 * left: no container, no mount, no cgroup.
 */
export class Workshop implements AsyncDisposable {
  readonly directory = mkdtempSync(join(tmpdir(), 'teu-runtime-test-'))
  readonly root = join(this.directory, 'state')
  readonly cgroup = `/teu-test-${randomBytes(4).toString('hex')}`
  readonly warnings: string[] = []
  readonly runtime: Runtime = createRuntime({ root: this.root, warn: (message) => this.warnings.push(message) })
  #count = 0

  constructor() {
    // Root of a user namespace is nobody here, and must still find the way to its root file system.
    chmodSync(this.directory, 0o711)
  }

  /** Makes a bundle with the machine's shell in it, and what goes with it. */
  bundle(args: readonly string[], change: SpecChange = () => {}): string {
    const path = join(this.directory, `bundle-${this.#count++}`)
    makeRootfs(join(path, 'rootfs'))
    writeFileSync(join(path, 'config.json'), JSON.stringify(this.spec(args, change)))
    return path
  }

  /** A spec for a container that is not interactive. */
  spec(args: readonly string[], change: SpecChange = () => {}): Spec {
    const spec = defaultSpec() as Parameters<SpecChange>[0]
    spec.process.terminal = false
    spec.process.args = [...args]
    spec.linux.cgroupsPath = `${this.cgroup}/${this.#count}`
    change(spec)
    return spec
  }

  /** Creates, starts, awaits and deletes a container. */
  async run(args: readonly string[], change?: SpecChange, options: CreateOptions = {}): Promise<Outcome> {
    return this.runBundle(this.bundle(args, change), options)
  }

  /** The same with a bundle that is there. */
  async runBundle(bundle: string, options: CreateOptions = {}): Promise<Outcome> {
    const id = `run-${this.#count++}`
    const output = new Capture(join(this.directory, id))
    try {
      const { exited } = await this.runtime.create(id, { bundle, stdio: ['ignore', output.fd, output.fd], ...options })
      await this.runtime.start(id)
      const status = await exited
      assert.ok(status)
      return { exitCode: status.exitCode, output: output.text() }
    } finally {
      await this.runtime.delete(id, { force: true })
      output.close()
    }
  }

  /** Makes and starts a container that runs until it is removed. */
  async running(change?: SpecChange, options: CreateOptions = {}): Promise<string> {
    const id = `running-${this.#count}`
    const bundle = this.bundle(['sleep', '1000'], change)
    await this.runtime.create(id, { bundle, stdio: ['ignore', 'ignore', 'ignore'], ...options })
    await this.runtime.start(id)
    return id
  }

  /** Runs one more process in a container and awaits it. */
  async exec(id: string, args: string[], options: Partial<ExecOptions> = {}): Promise<Outcome> {
    const output = new Capture(join(this.directory, `exec-${this.#count++}`))
    try {
      const { exited } = await this.runtime.exec(id, {
        process: { args },
        stdio: ['ignore', output.fd, output.fd],
        ...options,
      })
      const status = await exited
      assert.ok(status)
      return { exitCode: status.exitCode, output: output.text() }
    } finally {
      output.close()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { id } of await this.runtime.list()) await this.runtime.delete(id, { force: true })
    assert.deepEqual(existsSync(this.root) ? readdirSync(this.root) : [], [], 'state is left')
    for (const parent of globSync(`/sys/fs/cgroup{,/*}${this.cgroup}`)) {
      assert.deepEqual(childDirectories(parent), [], `cgroups are left in ${parent}`)
      rmdirSync(parent)
    }
    const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
    assert.ok(!mounts.includes(this.directory), 'mounts are left')
    rmSync(this.directory, { recursive: true })
  }
}

/** A file that a container writes to. */
class Capture {
  readonly fd: number
  readonly #path: string

  constructor(path: string) {
    this.#path = path
    this.fd = openSync(path, 'w+')
  }

  text(): string {
    return readFileSync(this.#path, 'utf8')
  }

  close(): void {
    closeSync(this.fd)
  }
}

function makeRootfs(path: string): void {
  for (const directory of ['bin', 'dev', 'etc', 'proc', 'sys', 'tmp'])
    mkdirSync(join(path, directory), { recursive: true })
  installMachinePrograms(path)
  // By which a test knows the root of a container from that of the machine.
  writeFileSync(join(path, 'etc/teu-test'), '')
  writeFileSync(join(path, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/home/user:/bin/sh\n')
}

function childDirectories(path: string): string[] {
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []))
}
