// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process'
import { StackError } from '@teu/errors'
import type { Credentials } from './credentials.ts'

/** A question to a credential program. @internal */
export interface HelperRequest {
  /** The program's name, without `docker-credential-`. */
  helper: string
  /** Which file names the program, for messages. */
  source: string
  /** What credentials are wanted for, as the program knows it. */
  server: string
  env: Readonly<Record<string, string | undefined>>
  timeoutMs: number
}

const maximumOutput = 1024 * 1024
/** The text by which every such program says that it has nothing for a server. */
const notFound = 'credentials not found in native keychain'

/**
 * Asks a credential program by the protocol of docker-credential-helpers: `get`, the server on standard input, JSON on
 * standard output. `undefined` when it has nothing. Throws `failed-precondition` when the program is not there or fails,
 * and `deadline-exceeded` when it takes too long: another account is never tried instead.
 *
 * @internal
 */
export async function askHelper(request: HelperRequest): Promise<Credentials | undefined> {
  const { helper, server } = request
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(helper))
    throw failure(request, `has a name that is none: ${JSON.stringify(helper.slice(0, 64))}`)
  const { status, stdout, stderr } = await run(request)
  if (status !== 0) {
    if (stdout.includes(notFound)) return undefined
    const said = [stdout, stderr].map((text) => text.trim()).find((text) => text !== '')
    throw failure(request, `failed for ${server} with status ${status}: ${(said ?? 'without a word').slice(0, 512)}`)
  }
  return credentialsOf(request, stdout)
}

function run(request: HelperRequest): Promise<{ status: number | null; stdout: string; stderr: string }> {
  const { helper, server, env, timeoutMs } = request
  // Options that are for this Node process would be read by a program that is one too.
  const { NODE_OPTIONS: _, ...rest } = env
  const child = spawn(`docker-credential-${helper}`, ['get'], { env: rest, timeout: timeoutMs, killSignal: 'SIGKILL' })
  return new Promise((resolve, reject) => {
    const output = { stdout: '', stderr: '' }
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        output[name] += text
        if (output[name].length > maximumOutput) child.kill('SIGKILL')
      })
    }
    child.on('error', (error: NodeJS.ErrnoException) => {
      const missing = error.code === 'ENOENT'
      reject(
        missing
          ? failure(request, 'is not installed: put it on the PATH, or take it out of that file', error)
          : failure(request, `cannot be run: ${error.message}`, error),
      )
    })
    child.on('close', (status, signal) => {
      if (signal === null) return resolve({ status, ...output })
      const late = output.stdout.length <= maximumOutput && output.stderr.length <= maximumOutput
      const why = late ? `gave no answer within ${timeoutMs} ms` : 'answered without end'
      reject(failure(request, why, undefined, late ? 'deadline-exceeded' : 'resource-exhausted'))
    })
    // A program that does not read its input is no failure as such.
    child.stdin.on('error', () => {}).end(server)
  })
}

function credentialsOf(request: HelperRequest, text: string): Credentials | undefined {
  let fields: { Username?: unknown; Secret?: unknown } = {}
  try {
    fields = JSON.parse(text) ?? {}
  } catch {
    // Falls through: the text may hold the secret, so it is not quoted.
  }
  const { Username: username, Secret: secret } = fields
  if (typeof username !== 'string' || typeof secret !== 'string')
    throw failure(request, 'answered something that is no credentials')
  if (username === '<token>') return { identityToken: secret }
  return username === '' && secret === '' ? undefined : { username, password: secret }
}

function failure(
  { helper, source }: HelperRequest,
  what: string,
  cause?: Error,
  code: 'failed-precondition' | 'deadline-exceeded' | 'resource-exhausted' = 'failed-precondition',
): StackError {
  const name = `docker-credential-${helper.slice(0, 64)}`
  return new StackError(code, `credential program ${name} of ${source} ${what}`, cause && { cause })
}
