// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, execFileSync, type SpawnOptions, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  closeSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import test from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { leaksSince, takeInventory } from './inventory.ts'
import { installPrograms } from './programs.ts'

/** What a program printed and how it ended; `status` is null when a signal ended it. */
export interface RunResult {
  status: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

export interface RunOptions {
  /** Written to the program's standard input, which is then closed. */
  input?: string | Uint8Array
  env?: Record<string, string>
  cwd?: string
  /** Milliseconds until the program is killed; 60,000 by default. */
  timeoutMs?: number
}

/**
 * podman keeps its locks in its own folder, and not in the memory that the machine's programs share, which it never gives
 * back; it asks our runtime for errors as JSON, and for no more processes than a small machine has.
 */
const podmanSettings = `[engine]
lock_type = "file"
runtime_supports_json = ["crun", "runc", "teu-runtime"]
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
`

/**
 * What one test owns: a directory, a network namespace with loopback up, a cgroup parent, a marker in the environment
 * of every process it starts. Disposing it ends the processes and fails when anything is left.
 */
export class Sandbox {
  /** Unique; in every name that the test makes. */
  readonly id = `teu-e2e-${randomBytes(4).toString('hex')}`
  /** Short, because socket paths are limited to 107 bytes. */
  readonly directory = mkdtempSync('/tmp/te-')
  /** Absolute cgroup path below which all containers of the test live. */
  readonly cgroupParent = `/${this.id}`
  readonly env: Record<string, string>
  readonly #processes = new Set<ChildProcess>()
  readonly #before = takeInventory()
  #holder: ChildProcess | undefined

  constructor() {
    const programs = installPrograms(this.path('bin'))
    this.env = {
      PATH: `${programs}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
      HOME: this.path('home'),
      TMPDIR: this.path('tmp'),
      // Shared, as it is on a machine where the programs ran before.
      NODE_COMPILE_CACHE: '/tmp/node-compile-cache',
      CONTAINERS_CONF: this.path('containers.conf'),
      TEU_E2E: this.id,
      LANG: 'C.UTF-8',
    }
    for (const folder of ['home', 'tmp']) mkdirSync(this.path(folder))
    writeFileSync(this.path('containers.conf'), podmanSettings)
  }

  /** A path in the sandbox's directory. */
  path(...parts: string[]): string {
    return path.join(this.directory, ...parts)
  }

  /** Makes the network namespace: a process that holds it, with loopback up. */
  async open(): Promise<void> {
    this.#holder = spawn('unshare', ['--net', 'sh', '-c', 'ip link set lo up && echo up && exec sleep 1000000'], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: this.env,
    })
    await new Promise((resolve, reject) => {
      this.#holder?.stdout?.once('data', resolve)
      this.#holder?.once('exit', (status) => reject(new Error(`no network namespace: unshare ended with ${status}`)))
    })
  }

  /** The path of the sandbox's network namespace. */
  get netns(): string {
    return `/proc/${this.#holder?.pid}/ns/net`
  }

  /** Starts a program inside the network namespace. It is ended with the sandbox. */
  spawn(file: string, args: readonly string[], options: SpawnOptions = {}): ChildProcess {
    const child = spawn('nsenter', [`--net=${this.netns}`, '--', file, ...args], {
      ...options,
      env: { ...this.env, ...options.env },
    })
    this.#processes.add(child)
    child.once('exit', () => this.#processes.delete(child))
    return child
  }

  /** Starts a daemon that writes its output to `<name>.log` in the sandbox itself: what it has said is there. */
  daemon(name: string, file: string, args: readonly string[], env: Record<string, string> = {}): ChildProcess {
    const log = openSync(this.path(`${name}.log`), 'a')
    try {
      return this.spawn(file, args, { stdio: ['ignore', log, log], env })
    } finally {
      closeSync(log)
    }
  }

  /** What a daemon printed so far. */
  log(name: string): string {
    return readFileSync(this.path(`${name}.log`), 'utf8')
  }

  /** Runs a program to its end inside the network namespace. */
  async run(file: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    const child = this.spawn(file, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(options.cwd && { cwd: options.cwd }),
      ...(options.env && { env: options.env as NodeJS.ProcessEnv }),
    })
    const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? 60_000)
    const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)]
    child.stdin?.on('error', () => {})
    child.stdin?.end(options.input ?? '')
    const [status, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (...ended) => resolve(ended))
    })
    clearTimeout(timer)
    return { status, signal, stdout: await stdout, stderr: await stderr }
  }

  /** Runs a program that must exit 0, and answers what it printed. */
  async output(file: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
    const result = await this.run(file, args, options)
    if (result.status === 0) return result.stdout
    throw new Error(
      `${file} ${args.join(' ')}: ended with ${result.status ?? result.signal}\n${result.stdout}${result.stderr}`,
    )
  }

  /** Ends a process: SIGTERM, then SIGKILL after ten seconds. */
  async stop(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill(signal)
    const timer = setTimeout(() => child.kill('SIGKILL'), 10_000)
    await ended
    clearTimeout(timer)
  }

  /** A mount that a test left was named already; here it must not keep the directory. */
  #removeDirectory(): void {
    const below = readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .map((line) => line.split(' ')[4] ?? '')
      .filter((point) => point.startsWith(`${this.directory}/`))
    for (const point of below.reverse()) execFileSync('umount', ['-l', point])
    rmSync(this.directory, { recursive: true, force: true })
  }

  /** The cgroup parent itself was the sandbox's idea, and runtimes leave it; whatever is below it is a leak. */
  #removeCgroupParent(): void {
    for (const cgroup of globSync(`/sys/fs/cgroup/{,*/}${this.id}`)) {
      try {
        rmdirSync(cgroup)
      } catch {
        // Not empty: the inventory will name it.
      }
    }
  }

  /** Ends what still runs, removes the directory, and answers what was left behind. */
  async close(): Promise<string[]> {
    for (const child of [...this.#processes].reverse()) await this.stop(child)
    this.#removeCgroupParent()
    const leaks = await leaksSince(this.#before, this)
    if (this.#holder) await this.stop(this.#holder, 'SIGKILL')
    this.#removeDirectory()
    return leaks
  }
}

async function collect(stream: NodeJS.ReadableStream | null): Promise<string> {
  let text = ''
  stream?.setEncoding('utf8')
  if (stream) for await (const chunk of stream) text += chunk
  return text
}

function failureText(failure: unknown, leaks: readonly string[]): string {
  const text = failure instanceof Error ? failure.message : String(failure)
  return leaks.length > 0 ? `${text}\nleft behind as well:\n${leaks.join('\n')}` : text
}

/** A test with a sandbox of its own; it fails as well when the sandbox was left dirty. */
export function sandboxTest(
  name: string,
  body: (sandbox: Sandbox) => Promise<void>,
  { skip = false }: { skip?: string | false } = {},
): void {
  test(name, { skip }, async () => {
    const sandbox = new Sandbox()
    let failure: unknown
    try {
      await sandbox.open()
      await body(sandbox)
    } catch (error) {
      failure = error
    }
    const leaks = await sandbox.close()
    if (failure) throw new Error(failureText(failure, leaks), { cause: failure })
    if (leaks.length > 0) throw new Error(`left behind:\n${leaks.join('\n')}`)
  })
}

/** Polls until `condition` answers something truthy, at most `timeoutMs` (30,000 by default). */
export async function until<T>(
  what: string,
  condition: () => T | Promise<T>,
  timeoutMs = 30_000,
): Promise<Exclude<T, undefined | false | ''>> {
  const deadline = performance.now() + timeoutMs
  for (let last: unknown; ; ) {
    try {
      const value = await condition()
      if (value) return value as Exclude<T, undefined | false | ''>
    } catch (error) {
      last = error
    }
    if (performance.now() > deadline) throw new Error(`gave up waiting: ${what}`, { cause: last })
    await delay(50)
  }
}
