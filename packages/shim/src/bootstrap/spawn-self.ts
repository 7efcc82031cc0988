// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { StackError } from '@teu/errors'
import { createCoreSchedulingCookie, isErrno } from '@teu/linux'

/** How long a shim may take to listen, in milliseconds. */
const startTimeoutMs = 20_000

/** Variables that a shim passes on to the one that stays; all others end with the caller. */
const passedOn = [
  'PATH',
  'TTRPC_ADDRESS',
  'GRPC_ADDRESS',
  'MAX_SHIM_VERSION',
  'TEU_SHIM_SERVES',
  'TEU_SHIM_STATE',
  'TEU_TRACE',
  'NODE_EXTRA_CA_CERTS',
]

/**
 * A shim stays as long as its containers, and mostly waits: small spaces for what lives shortly, and no compilers, whose
 * code nothing here runs often enough to earn back. Measured with 30 containers, counted proportionally: 30 MB, and 37 MB
 * with the compilers; an exec takes the same time. One arena has to be chosen before the first thread starts.
 */
const frugal = {
  flags: ['--max-semi-space-size=1', '--optimize-for-size', '--no-opt', '--no-maglev', '--no-sparkplug'],
  env: { MALLOC_ARENA_MAX: '1' },
}

/**
 * Starts this program again with `argv`, in its own session, and waits until it says on descriptor 3 that it listens.
 * What it says instead, or writes to its standard error, becomes the message of the error. Gives its pid.
 *
 * @internal
 */
export async function spawnSelf(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const script = process.argv[1]
  if (script === undefined) throw new StackError('internal', 'a shim cannot find its own program')
  if (env.SCHED_CORE) separateCores()
  const child = spawn(process.execPath, [...frugal.flags, ...process.execArgv, script, ...argv], {
    cwd: '/',
    env: {
      ...Object.fromEntries(passedOn.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]]))),
      ...frugal.env,
    },
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  })
  const said = await firstWords(child)
  child.unref()
  if (said !== 'ready' || child.pid === undefined) {
    throw new StackError('unknown', said || 'the shim ended before it listened')
  }
  await adjustOomScore(child.pid)
  return child.pid
}

/** Containerd's `sched_core`: a shim and its containers share no core with anybody else. In the words of its shim. */
function separateCores(): void {
  try {
    createCoreSchedulingCookie()
  } catch (error) {
    const reason = isErrno(error, 'EINVAL') ? 'invalid argument' : isErrno(error, 'ENODEV') ? 'no such device' : error
    throw new StackError('not-implemented', `enable sched core support: ${reason}`, { cause: error })
  }
}

async function firstWords(child: ReturnType<typeof spawn>): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const timer = setTimeout(() => {
    child.kill('SIGKILL')
    reject(new StackError('deadline-exceeded', `the shim did not listen within ${startTimeoutMs} ms`))
  }, startTimeoutMs)
  let text = ''
  const pipe = child.stdio[3] as import('node:net').Socket
  pipe.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  pipe.on('error', () => {})
  pipe.on('close', () => resolve(text))
  child.on('error', reject)
  try {
    return await promise
  } finally {
    clearTimeout(timer)
    pipe.destroy()
  }
}

/** One more than the caller's, so that the kernel gives up a shim before containerd. Not everybody may say so. */
async function adjustOomScore(pid: number): Promise<void> {
  try {
    const own = Number(await readFile(`/proc/${process.ppid}/oom_score_adj`, 'utf8'))
    await writeFile(`/proc/${pid}/oom_score_adj`, String(Math.min(own + 1, 1000)))
  } catch {}
}
