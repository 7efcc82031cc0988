// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process'
import type { AuthConfig } from '@teu/engine-api'

/** What a helper says when it has nothing for a server; not a failure. */
const notFound = 'credentials not found in native keychain'
const answerLimit = 1 << 20

/**
 * Asks the program `docker-credential-<suffix>` for the credentials of one server. Undefined when it has none.
 * Rejects when the program is missing, answers with something else than credentials, or fails; its words are in the
 * message, never a secret.
 */
export async function askHelper(
  suffix: string,
  server: string,
  env: NodeJS.ProcessEnv,
): Promise<AuthConfig | undefined> {
  const program = `docker-credential-${suffix}`
  if (suffix.includes('/')) throw new Error(`error getting credentials - err: invalid helper name ${suffix}`)
  const { status, output } = await run(program, server, env)
  if (status !== 0) {
    const said = output.trim()
    if (said === notFound) return undefined
    throw new Error(`error getting credentials - err: exit status ${status}, out: \`${said}\``)
  }
  let answer: { Username?: unknown; Secret?: unknown }
  try {
    answer = JSON.parse(output) as typeof answer
  } catch (error) {
    throw new Error(`error getting credentials - err: ${program} did not answer with JSON`, { cause: error })
  }
  if (typeof answer?.Username !== 'string' || typeof answer.Secret !== 'string') return undefined
  return answer.Username === '<token>'
    ? { identitytoken: answer.Secret, serveraddress: server }
    : { username: answer.Username, password: answer.Secret, serveraddress: server }
}

function run(program: string, input: string, env: NodeJS.ProcessEnv): Promise<{ status: number; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, ['get'], { stdio: ['pipe', 'pipe', 'ignore'], env })
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text
      if (output.length > answerLimit) child.kill('SIGKILL')
    })
    child.once('error', (error) => {
      const reason = `exec: ${JSON.stringify(program)}: executable file not found in $PATH`
      reject(new Error(`error getting credentials - err: ${reason}, out: \`\``, { cause: error }))
    })
    child.once('close', (status) => resolve({ status: status ?? 1, output }))
    // A helper that does not read its input must not end this program.
    child.stdin.on('error', () => {})
    child.stdin.end(input)
  })
}
