// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process'
import { mkdirSync, openSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { createEngineClient } from '@teu/engine-api'
import { StackError } from '@teu/errors'
import { defaultHost } from './default-host.ts'
import { daemonProgram } from './package-files.ts'

const logFile = '/var/log/teud.log'
/** Milliseconds that a daemon may take until it answers: after a crash it has containers to find again. */
const patience = 30_000

/**
 * Starts a daemon in the background on the default address, says so on standard error, and waits until it answers.
 * Its output goes to /var/log/teud.log. Answers nothing without root: then the caller reports the missing daemon.
 *
 * @throws `unavailable` when the daemon ended or does not answer
 * @public
 */
export async function startDaemon(host: string): Promise<string | undefined> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0 || host !== defaultHost) return undefined
  process.stderr.write(`no daemon is running at ${host}: starting teud in the background (log: ${logFile})\n`)
  mkdirSync('/var/log', { recursive: true })
  const log = openSync(logFile, 'a', 0o600)
  const daemon = spawn(process.execPath, [daemonProgram()], { detached: true, stdio: ['ignore', log, log], cwd: '/' })
  let ended = false
  daemon.once('error', () => {
    ended = true
  })
  daemon.once('exit', () => {
    ended = true
  })
  await using engine = createEngineClient({ host })
  for (const deadline = performance.now() + patience; ; ) {
    const answers = await engine.ping().then(
      () => true,
      () => false,
    )
    if (answers) break
    if (ended) throw new StackError('unavailable', `teud ended before it answered: see ${logFile}`)
    if (performance.now() > deadline) throw new StackError('unavailable', `teud does not answer: see ${logFile}`)
    await delay(20)
  }
  daemon.unref()
  return host
}
