// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** What one invocation of a command line left behind. */
export interface Invocation {
  readonly status: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** How to invoke. */
export interface InvokeOptions {
  readonly host?: string
  readonly env?: NodeJS.ProcessEnv
  /** Written to stdin, which is then closed. */
  readonly input?: string | Buffer
  readonly cwd?: string
}

const program = fileURLToPath(new URL('program.ts', import.meta.url))

/** The argument vector that starts our command line under the name `docker`, from source. */
export const ours: readonly string[] = [process.execPath, '--conditions=teu-source', '--no-warnings', program]

/** Docker's own command line of version 28, when it is installed. */
export const original: readonly string[] | undefined = existsSync('/usr/local/bin/docker')
  ? ['/usr/local/bin/docker']
  : undefined

/** Runs `command` with `args` against the engine at `options.host` and waits for its end. */
export function invoke(
  command: readonly string[],
  args: readonly string[],
  { host, env = {}, input = '', cwd }: InvokeOptions = {},
): Promise<Invocation> {
  const [file, ...first] = command as [string, ...string[]]
  return new Promise((resolve, reject) => {
    const child = spawn(file, [...first, ...args], {
      env: { PATH: process.env.PATH, HOME: '/nonexistent', TZ: 'UTC', ...(host ? { DOCKER_HOST: host } : {}), ...env },
      stdio: 'pipe',
      ...(cwd ? { cwd } : {}),
    })
    const output = { stdout: '', stderr: '' }
    child.stdout.setEncoding('utf8').on('data', (text) => (output.stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text) => (output.stderr += text))
    child.once('error', reject)
    child.once('close', (status, signal) => resolve({ status, signal, ...output }))
    child.stdin.on('error', () => {})
    child.stdin.end(input)
  })
}
