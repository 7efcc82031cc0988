// SPDX-License-Identifier: Apache-2.0
import type { ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { StackError } from '@teu/errors'
import type { Hook, State } from '@teu/oci-spec/runtime'
import { signalText } from './signal-text.ts'

const outputLimit = 4096

/**
 * Runs hooks in the runtime's namespaces and in the bundle, in order. Each gets the state as JSON on its standard input
 * and the environment that it names, or else that of this process, and is killed when its timeout is over or `signal`
 * fires. Rejects at the first that fails, with its output (at most 4 KiB of each stream).
 *
 * @internal
 */
export async function runHooks(hooks: readonly Hook[] | undefined, state: State, signal?: AbortSignal): Promise<void> {
  for (const [index, hook] of (hooks ?? []).entries()) await runNumbered(index, hook, state, signal)
}

/** Runs all of the hooks as {@link runHooks} does; one that fails is told of, and the next runs. @internal */
export async function runEveryHook(
  hooks: readonly Hook[] | undefined,
  state: State,
  warn: (message: string) => void,
  signal?: AbortSignal,
): Promise<void> {
  for (const [index, hook] of (hooks ?? []).entries()) {
    await runNumbered(index, hook, state, signal).catch((error: Error) => warn(error.message))
  }
}

async function runNumbered(index: number, hook: Hook, state: State, signal: AbortSignal | undefined): Promise<void> {
  try {
    await runHook(hook, state, signal)
  } catch (error) {
    signal?.throwIfAborted()
    throw new StackError('internal', `error running hook #${index}: ${hookError(hook, error)}`, { cause: error })
  }
}

function hookError(hook: Hook, error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'ENOENT') return `fork/exec ${hook.path}: no such file or directory`
  return code === 'EACCES' ? `fork/exec ${hook.path}: permission denied` : message
}

async function runHook(hook: Hook, state: State, signal: AbortSignal | undefined): Promise<void> {
  // Loaded for those who have hooks: it is a part of every start otherwise.
  const { spawn } = await import('node:child_process')
  const child = spawn(hook.path, hook.args?.slice(1) ?? [], {
    argv0: hook.args?.[0] ?? hook.path,
    env: hook.env ? Object.fromEntries(hook.env.map(splitVariable)) : process.env,
    // A bundle may be gone when its container is deleted.
    cwd: existsSync(state.bundle) ? state.bundle : '/',
    stdio: 'pipe',
  })
  const output = collect(child.stdout)
  const errors = collect(child.stderr)
  // A hook need not read its state.
  child.stdin.on('error', () => {})
  child.stdin.end(JSON.stringify(state))
  const stopped = stopper(child, hook.timeout, signal)
  try {
    const reason = await ended(child)
    if (stopped.reason !== undefined) throw new Error(stopped.reason)
    if (reason !== undefined) throw new Error(`error running hook: ${reason}, stdout: ${output()}, stderr: ${errors()}`)
  } finally {
    stopped[Symbol.dispose]()
  }
}

function splitVariable(entry: string): [name: string, value: string] {
  const equals = entry.indexOf('=')
  return equals < 0 ? [entry, ''] : [entry.slice(0, equals), entry.slice(equals + 1)]
}

function collect(stream: NodeJS.ReadableStream): () => string {
  let text = ''
  stream.on('data', (chunk: Buffer) => {
    if (text.length < outputLimit) text += chunk.toString('utf8').slice(0, outputLimit - text.length)
  })
  return () => text
}

function stopper(child: ChildProcess, timeout: number | undefined, signal: AbortSignal | undefined) {
  const state: { reason: string | undefined } & Disposable = {
    reason: undefined,
    [Symbol.dispose]() {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
    },
  }
  const stop = (reason: string) => {
    state.reason = reason
    child.kill('SIGKILL')
    // A grandchild may hold the pipes open; nobody waits for it.
    child.stdout?.destroy()
    child.stderr?.destroy()
  }
  const onAbort = () => stop('cancelled')
  const timer =
    timeout === undefined
      ? undefined
      : setTimeout(() => stop(`hook ran past specified timeout of ${timeout}.0s`), timeout * 1000)
  signal?.addEventListener('abort', onAbort)
  return state
}

/** Why the hook failed; undefined when it did not. A hook that leaves a child behind is over when it exits itself. */
function ended(child: ChildProcess): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code, signal) => {
      const reason = signal === null ? `exit status ${code}` : `signal: ${signalText(signal)}`
      const done = () => {
        child.stdout?.destroy()
        child.stderr?.destroy()
        resolve(code === 0 ? undefined : reason)
      }
      // The last output may still be in the pipes; a failure is worth waiting for it, briefly.
      if (code === 0) done()
      else setTimeout(done, 20)
    })
  })
}
