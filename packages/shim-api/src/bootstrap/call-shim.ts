// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process'
import { messageOf, StackError } from '@teu/errors'
import { DeleteResponse } from '../gen/containerd/task/v2/task.ts'
import { Any } from '../gen/google/protobuf/any.ts'
import { formatShimArguments } from './argv.ts'
import { type BootstrapParams, formatBootstrapParams } from './bootstrap-message.ts'
import { formatShimEnvironment, type ShimEnvironment } from './environment.ts'
import { parseStartReply, type StartReply } from './start-reply.ts'

/** How long a shim's start or delete may take unless the caller says otherwise, in milliseconds. @public */
export const shimCallTimeoutMs = 30_000

/** The most that a shim may print before it is stopped, in bytes. */
const maximumOutput = 1024 * 1024

/** What is needed to call a shim's program. @public */
export interface ShimCall extends ShimEnvironment {
  /** The path of the program; see `resolveShimBinary`. */
  readonly binary: string
  readonly namespace: string
  readonly id: string
  /** The task's directory; becomes the working directory. It holds config.json. */
  readonly bundle: string
  /** Containerd's gRPC address. */
  readonly address: string
  /** The program that publishes events for a shim that cannot; default `/bin/false`. */
  readonly publishBinary?: string | undefined
  readonly debug?: boolean | undefined
  /** The options of the task's runtime. */
  readonly options?: Any | undefined
  /** Speaks the protocol of containerd 2.3 on the standard input of `start`, in place of the options alone. */
  readonly bootstrap?: BootstrapParams | undefined
  /** Further variables. Nothing else is inherited but PATH. */
  readonly env?: Readonly<Record<string, string>> | undefined
  readonly signal?: AbortSignal | undefined
  /** Default {@link shimCallTimeoutMs}; then the program is killed, and the call is `deadline-exceeded`. */
  readonly timeoutMs?: number | undefined
}

/**
 * Runs `start`, which starts the shim of a task or finds the one that runs. What it prints on a failure becomes the
 * message of an `unknown` error.
 *
 * @public
 */
export async function startShim(call: ShimCall): Promise<StartReply> {
  const { status, stdout, stderr } = await run('start', call)
  if (status !== 0) {
    throw new StackError('unknown', `start shim ${call.binary}: exit status ${status}: ${text(stdout, stderr)}`)
  }
  return parseStartReply(Buffer.concat([stdout, stderr]))
}

/**
 * Runs `delete`, which removes everything that a dead shim left of a task. Safe to repeat.
 *
 * @public
 */
export async function deleteWithShim(call: ShimCall): Promise<DeleteResponse & { warnings: string }> {
  const { status, stdout, stderr } = await run('delete', call)
  if (status !== 0) {
    throw new StackError('unknown', `delete shim ${call.binary}: exit status ${status}: ${text(stdout, stderr)}`)
  }
  try {
    return { ...DeleteResponse.decode(stdout), warnings: stderr.toString() }
  } catch (error) {
    throw new StackError('internal', `shim ${call.binary} answered delete with no DeleteResponse`, { cause: error })
  }
}

async function run(action: 'start' | 'delete', call: ShimCall): Promise<ShimOutput> {
  const argv = formatShimArguments({
    action,
    namespace: call.namespace,
    address: call.address,
    publishBinary: call.publishBinary ?? '/bin/false',
    id: call.id,
    bundle: action === 'delete' ? call.bundle : '',
    debug: call.debug ?? false,
  })
  const timeoutMs = call.timeoutMs ?? shimCallTimeoutMs
  const deadline = AbortSignal.timeout(timeoutMs)
  const child = spawn(call.binary, argv, {
    cwd: call.bundle,
    // A shim outlives its caller: nothing of the caller's environment may leak into it unasked.
    env: { PATH: process.env.PATH ?? '/usr/sbin:/usr/bin:/sbin:/bin', ...formatShimEnvironment(call), ...call.env },
    signal: call.signal === undefined ? deadline : AbortSignal.any([call.signal, deadline]),
    killSignal: 'SIGKILL',
    stdio: 'pipe',
  })
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  child.on('error', (error) => {
    if (deadline.aborted) reject(new StackError('deadline-exceeded', `shim ${action} took over ${timeoutMs} ms`))
    else if (call.signal?.aborted) reject(new StackError('cancelled', `shim ${action}: cancelled`, { cause: error }))
    else reject(new StackError('unknown', `shim ${action}: ${messageOf(error)}`, { cause: error }))
  })
  // "exit" and not "close": the shim that start leaves running may keep the pipes open.
  child.on('exit', (code, signal) => resolve(code ?? (signal === null ? 255 : 137)))
  child.stdin.on('error', () => {})
  child.stdin.end(action === 'start' ? inputOf(call) : undefined)
  const outputs = [collect(child.stdout), collect(child.stderr)]
  const status = await promise
  const [stdout, stderr] = await Promise.all(outputs.map((output) => output.afterExit()))
  return { status, stdout: stdout as Buffer, stderr: stderr as Buffer }
}

/** What `start` finds on its standard input. */
function inputOf({ bootstrap, options }: ShimCall): Uint8Array | undefined {
  if (bootstrap !== undefined) return formatBootstrapParams(bootstrap)
  return options && Any.encode(options).finish()
}

interface ShimOutput {
  status: number
  stdout: Buffer
  stderr: Buffer
}

function collect(stream: import('node:stream').Readable): { afterExit(): Promise<Buffer> } {
  const chunks: Buffer[] = []
  let length = 0
  let ended = false
  const { promise, resolve } = Promise.withResolvers<void>()
  stream.on('data', (chunk: Buffer) => {
    if (length < maximumOutput) chunks.push(chunk)
    length += chunk.length
  })
  for (const event of ['end', 'error', 'close']) {
    stream.on(event, () => {
      ended = true
      resolve()
    })
  }
  return {
    afterExit: async () => {
      if (!ended) await Promise.race([promise, new Promise((done) => setTimeout(done, 200).unref())])
      stream.destroy()
      return Buffer.concat(chunks).subarray(0, maximumOutput)
    },
  }
}

function text(stdout: Buffer, stderr: Buffer): string {
  return Buffer.concat([stdout, stderr]).toString().trim().slice(0, 4096)
}
