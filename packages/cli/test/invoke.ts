// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from 'node:child_process'
import { PassThrough, Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { originalProgram } from '../../../scripts/originals.mjs'
import { type CliOptions, runCli } from '../src/cli.ts'

/** What one invocation of a command line left behind. */
export interface Invocation {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** How to invoke. */
export interface InvokeOptions {
  readonly host?: string
  readonly env?: NodeJS.ProcessEnv
  /** Written to stdin, which is then closed. */
  readonly input?: string | Buffer
  /** Sent one after the other, each as soon as `when`, which is given the output so far, holds. */
  readonly signals?: readonly { readonly when: (stdout: string) => boolean; readonly name: NodeJS.Signals }[]
}

const program = fileURLToPath(new URL('program.ts', import.meta.url))

/** The argument vector that starts our command line under the name `docker`, from source. */
export const ours: readonly string[] = [process.execPath, '--conditions=teu-source', '--no-warnings', program]

const docker = originalProgram('/usr/local/bin/docker')

/** Docker's own command line of version 28: where it is installed, beside the originals. */
export const original: readonly string[] | undefined = docker === undefined ? undefined : [docker]

function environment({ host, env }: InvokeOptions): NodeJS.ProcessEnv {
  const { PATH } = process.env
  return { PATH, HOME: '/nonexistent', TZ: 'UTC', ...(host ? { DOCKER_HOST: host } : {}), ...env }
}

/** Runs `command` with `args` as a process and waits for its end. */
export function invoke(
  command: readonly string[],
  args: readonly string[],
  options: InvokeOptions = {},
): Promise<Invocation> {
  const [file, ...first] = command as [string, ...string[]]
  return new Promise((resolve, reject) => {
    const child = spawn(file, [...first, ...args], { env: environment(options), stdio: 'pipe' })
    const output = { stdout: '', stderr: '' }
    child.stdout.setEncoding('utf8').on('data', (text) => (output.stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text) => (output.stderr += text))
    child.once('error', reject)
    child.once('close', (status) => resolve({ status, ...output }))
    child.stdin.on('error', () => {})
    child.stdin.end(options.input ?? '')
    void sendSignals(child, () => output.stdout, options.signals ?? [])
  })
}

async function sendSignals(
  child: ChildProcess,
  stdout: () => string,
  signals: NonNullable<InvokeOptions['signals']>,
): Promise<void> {
  for (const { when, name } of signals) {
    while (!when(stdout())) {
      if (child.exitCode !== null || child.signalCode !== null) return
      await delay(10)
    }
    child.kill(name)
  }
}

/** Runs our command line inside this process, under the name `docker`. */
export async function run(
  args: readonly string[],
  options: InvokeOptions & Pick<CliOptions, 'defaultHost' | 'onDaemonMissing' | 'binName'> = {},
): Promise<Invocation> {
  const { defaultHost, onDaemonMissing, binName = 'docker' } = options
  const stdout = new PassThrough()
  const stderr = new PassThrough()
  const texts = Promise.all([textOf(stdout), textOf(stderr)])
  const status = await runCli(args, {
    binName,
    version: '28.2.2',
    streams: { stdin: Readable.from([Buffer.from(options.input ?? '')]), stdout, stderr },
    env: environment(options),
    ...(defaultHost ? { defaultHost } : {}),
    ...(onDaemonMissing ? { onDaemonMissing } : {}),
  })
  stdout.end()
  stderr.end()
  const [out, err] = await texts
  return { status, stdout: out, stderr: err }
}

async function textOf(stream: Readable): Promise<string> {
  return Buffer.concat(await stream.toArray()).toString('utf8')
}
