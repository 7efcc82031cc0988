// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type ErrorCode, StackError, wrap } from '@teu/errors'
import { launchMonitor } from '../monitor/launch-monitor.ts'
import { processName, recordFolder, writeJson } from '../process/process-record.ts'
import type { MadeProcess, MakeProcess, OciRuntime } from './oci-runtime.ts'
import { lastLoggedError, logLength } from './runtime-log.ts'

/** How long a command of a runtime may take, in milliseconds. @internal */
export const runtimeTimeoutMs = 60_000

/** The most that a command's output may be, in bytes. */
const maximumOutput = 4 * 1024 * 1024

/** Where a runtime program is and how it is called. @internal */
export interface ExecRuntimeInit {
  /** A name in PATH or a path. */
  readonly binary: string
  /** The runtime's state directory, the namespace included. */
  readonly root: string
  readonly bundle: string
  readonly systemdCgroup: boolean
  readonly noPivot: boolean
  readonly noNewKeyring: boolean
  /** The PATH of the runtime and its hooks. */
  readonly path: string
}

/** Any OCI runtime program, called with the command lines of containerd's own shim. @internal */
export class ExecOciRuntime implements OciRuntime {
  readonly #init: ExecRuntimeInit
  readonly #log: string

  constructor(init: ExecRuntimeInit) {
    this.#init = init
    this.#log = join(init.bundle, 'log.json')
  }

  create(call: MakeProcess): Promise<MadeProcess> {
    const { noPivot, noNewKeyring } = this.#init
    const pidFile = join(call.bundle, 'init.pid')
    const args = ['create', '--bundle', call.bundle, '--pid-file', pidFile]
    if (call.terminal) args.push('--console-socket', call.consoleSocket)
    if (noPivot) args.push('--no-pivot')
    if (noNewKeyring) args.push('--no-new-keyring')
    return this.#monitored(call, [...args, call.id], pidFile)
  }

  async exec(call: MakeProcess, process: unknown): Promise<MadeProcess> {
    const pidFile = join(call.bundle, `${call.execId}.pid`)
    const file = join(call.bundle, recordFolder, `${processName(call.execId)}.process`)
    writeJson(file, process)
    const args = ['exec', '--process', file]
    if (call.terminal) args.push('--console-socket', call.consoleSocket)
    try {
      return await this.#monitored(call, [...args, '--detach', '--pid-file', pidFile, call.id], pidFile)
    } finally {
      await rm(file, { force: true })
    }
  }

  async start(id: string): Promise<void> {
    await this.#run(['start', id])
  }

  async kill(id: string, signal: number, all: boolean): Promise<void> {
    await this.#run(['kill', ...(all ? ['--all'] : []), id, String(signal)])
  }

  async delete(id: string, force: boolean): Promise<void> {
    await this.#run(['delete', ...(force ? ['--force'] : []), id])
  }

  async status(id: string): Promise<string> {
    return String(parseJson<{ status?: unknown }>(await this.#run(['state', id])).status ?? '')
  }

  async pause(id: string): Promise<void> {
    await this.#run(['pause', id])
  }

  async resume(id: string): Promise<void> {
    await this.#run(['resume', id])
  }

  async update(id: string, resources: unknown): Promise<void> {
    // Not by standard input, as containerd's shim has it: crun opens /dev/stdin, which a socket does not allow.
    const file = join(this.#init.bundle, recordFolder, `${randomUUID()}.resources`)
    writeJson(file, resources)
    try {
      await this.#run(['update', '--resources', file, id])
    } finally {
      await rm(file, { force: true })
    }
  }

  async pids(id: string): Promise<number[]> {
    return parseJson<number[] | null>(await this.#run(['ps', '--format', 'json', id])) ?? []
  }

  #globalArgs(): string[] {
    const { root, systemdCgroup } = this.#init
    return ['--root', root, '--log', this.#log, '--log-format', 'json', ...(systemdCgroup ? ['--systemd-cgroup'] : [])]
  }

  async #monitored(call: MakeProcess, args: string[], pidFile: string): Promise<MadeProcess> {
    const { binary, root, path } = this.#init
    const from = await logLength(this.#log)
    await mkdir(root, { recursive: true, mode: 0o711 })
    await rm(pidFile, { force: true })
    const command = { args: [binary, ...this.#globalArgs(), ...args], environment: [`PATH=${path}`], pidFile }
    const { client } = await launchMonitor({ ...call, command })
    const stop = () => client.quit()
    const timer = setTimeout(stop, runtimeTimeoutMs)
    call.signal?.addEventListener('abort', stop, { once: true })
    if (call.signal?.aborted) stop()
    try {
      return { pid: await client.started, monitor: client }
    } catch (error) {
      const message = await lastLoggedError(this.#log, from)
      if (message === undefined) throw wrap(error, `${binary} ${args[0]}`)
      throw new StackError(codeOfRuntimeError(message), message, { cause: error })
    } finally {
      clearTimeout(timer)
      call.signal?.removeEventListener('abort', stop)
    }
  }

  async #run(args: string[]): Promise<string> {
    const { binary, path } = this.#init
    const from = await logLength(this.#log)
    const { status, stdout, stderr } = await runProgram(binary, [...this.#globalArgs(), ...args], path)
    if (status === 0) return stdout
    const end = typeof status === 'number' ? `exit status ${status}` : `killed by ${status}`
    const message = (await lastLoggedError(this.#log, from)) ?? (stderr.trim() || `${binary} ${args[0]}: ${end}`)
    throw new StackError(codeOfRuntimeError(message), message)
  }
}

/** What class of failure a runtime's message tells of. Runtimes have no codes, so their words are all there is. @internal */
export function codeOfRuntimeError(message: string): ErrorCode {
  if (/process already finished|container not running|no such process|does not exist/.test(message)) return 'not-found'
  if (/with given ID already exists|already exists/.test(message)) return 'already-exists'
  return 'unknown'
}

async function runProgram(binary: string, args: string[], path: string): Promise<ProgramResult> {
  const child = spawn(binary, args, {
    cwd: '/',
    env: { PATH: path },
    timeout: runtimeTimeoutMs,
    killSignal: 'SIGKILL',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      if (output[name].length < maximumOutput) output[name] += chunk
    })
  }
  const { promise, resolve, reject } = Promise.withResolvers<number | NodeJS.Signals>()
  child.on('error', (error) => reject(wrap(error, `run ${binary}`)))
  child.on('close', (code, signal) => resolve(code ?? signal ?? 'SIGKILL'))
  return { status: await promise, ...output }
}

interface ProgramResult {
  /** The exit status, or the signal that ended it. */
  status: number | NodeJS.Signals
  stdout: string
  stderr: string
}

function parseJson<T>(text: string): T {
  try {
    return JSON.parse(text) as T
  } catch (error) {
    throw new StackError('internal', 'the runtime answered with no JSON', { cause: error })
  }
}
