// SPDX-License-Identifier: Apache-2.0
import { decodeFrames, type HijackedConnection } from '@teu/engine-api'
import { type InputStream, type OutputStream, write } from '../context/streams.ts'
import { DetachDetector } from './detach-keys.ts'

/** What of the user's streams goes to and from a container. */
export interface AttachedStreamsInit {
  readonly connection: HijackedConnection
  readonly stdin?: InputStream | undefined
  readonly stdout?: OutputStream | undefined
  readonly stderr?: OutputStream | undefined
  /** The container has a terminal: output comes in one raw stream, and a terminal on our side becomes raw. */
  readonly tty: boolean
  /** The key sequence that ends the session; looked for in terminal mode only. */
  readonly detachKeys?: Uint8Array | undefined
}

/** How a session ended. */
export type SessionEnd = 'ended' | 'detached'

/**
 * One attached session: copies input and output until the engine ends the output, the user types the detach keys, or
 * `close` is called. The end of stdin half-closes the connection and output goes on. The terminal is restored in
 * every case, before `end` settles.
 */
export class AttachedSession {
  /** Settles once; rejects when the stream carries a failure of the engine. */
  readonly end: Promise<SessionEnd>
  readonly #init: AttachedStreamsInit
  #stopInput: () => void = () => {}
  #restore: () => void = () => {}

  constructor(init: AttachedStreamsInit) {
    this.#init = init
    const { promise: detached, resolve: detach } = Promise.withResolvers<SessionEnd>()
    this.#startInput(() => detach('detached'))
    const output = this.#copyOutput()
    this.end = Promise.race([detached, output]).finally(() => this.close())
    output.catch(() => {})
    this.end.catch(() => {})
  }

  /** Stops copying, restores the terminal and drops the connection. */
  close(): void {
    this.#stopInput()
    this.#restore()
    this.#init.connection.close()
  }

  #startInput(onDetach: () => void): void {
    const { stdin, connection, tty, detachKeys } = this.#init
    if (!stdin) return
    if (tty) this.#restore = rawTerminal(stdin)
    const detector = tty && detachKeys && detachKeys.length > 0 ? new DetachDetector(detachKeys) : undefined
    const target = connection.stream
    const onData = (chunk: Uint8Array) => {
      const { forward, detached } = detector?.feed(chunk) ?? { forward: chunk, detached: false }
      if (detached) return onDetach()
      if (forward.length === 0 || target.write(forward)) return
      stdin.pause()
      target.once('drain', () => stdin.resume())
    }
    const onEnd = () => connection.closeWrite()
    stdin.on('data', onData).once('end', onEnd).once('error', onEnd)
    stdin.resume()
    this.#stopInput = () => {
      stdin.off('data', onData).off('end', onEnd).off('error', onEnd)
      stdin.pause()
      this.#stopInput = () => {}
    }
  }

  async #copyOutput(): Promise<SessionEnd> {
    const { connection, stdout, stderr, tty } = this.#init
    if (tty) {
      for await (const chunk of connection.stream as AsyncIterable<Uint8Array>) if (stdout) await write(stdout, chunk)
      return 'ended'
    }
    await copyFrames(connection.stream as AsyncIterable<Uint8Array>, stdout, stderr)
    return 'ended'
  }
}

/**
 * Copies a multiplexed stream to the user's two. A frame of the engine's own is a failure and is thrown with its text.
 */
export async function copyFrames(
  input: AsyncIterable<Uint8Array>,
  stdout: OutputStream | undefined,
  stderr: OutputStream | undefined,
): Promise<void> {
  for await (const { stream, payload } of decodeFrames(input)) {
    if (stream === 'systemError') {
      throw new Error(`error from daemon in stream: ${Buffer.from(payload).toString('utf8')}`)
    }
    const target = stream === 'stderr' ? stderr : stdout
    const waiting = target && write(target, payload)
    if (waiting) await waiting
  }
}

/** Makes a terminal raw; the returned function puts it back, once. */
function rawTerminal(stdin: InputStream): () => void {
  if (!stdin.isTTY || !stdin.setRawMode) return () => {}
  stdin.setRawMode(true)
  let raw = true
  return () => {
    if (raw) stdin.setRawMode?.(false)
    raw = false
  }
}
