// SPDX-License-Identifier: Apache-2.0
import { closeSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ReadStream, WriteStream } from 'node:tty'
import { StackError } from '@teu/errors'
import {
  acceptUnix,
  duplicateFd,
  getWindowSize,
  listenUnix,
  makeTerminalRaw,
  receiveFds,
  setWindowSize,
} from '@teu/linux'
import type { Box } from '@teu/oci-spec/runtime'

const acceptTimeoutMs = 10_000

/** The size of the terminal that this process writes to; undefined when it writes to none. @internal */
export function ownTerminalSize(): Box | undefined {
  for (const fd of [0, 1, 2]) {
    try {
      const { rows, columns } = getWindowSize(fd)
      return { height: rows, width: columns }
    } catch {
      // Not a terminal.
    }
  }
  return undefined
}

/**
 * Connects a container's terminal with that of this process. First its socket takes the master, as a console socket
 * does; then bytes go both ways, the size follows, and the own terminal is raw, until it is disposed.
 *
 * @internal
 */
export class ForegroundTerminal implements AsyncDisposable {
  readonly consoleSocket: string
  readonly #directory: string
  readonly #listener: number
  #output: ReadStream | undefined
  #input: WriteStream | undefined
  #master: number | undefined
  #raw: Disposable | undefined
  #drained: Promise<void> = Promise.resolve()
  readonly #resize = () => this.#copySize()

  private constructor(directory: string) {
    this.#directory = directory
    this.consoleSocket = join(directory, 'console')
    this.#listener = listenUnix(this.consoleSocket, 1)
  }

  /** Makes the socket, in a directory of its own. */
  static async open(): Promise<ForegroundTerminal> {
    return new ForegroundTerminal(mkdtempSync(join(tmpdir(), 'teu-console-')))
  }

  /** Receives the master, once the container was created, and starts copying. */
  async connect(): Promise<void> {
    const connection = await acceptUnix(this.#listener, { timeoutMs: acceptTimeoutMs })
    const { fds } = await receiveFds(connection, { timeoutMs: acceptTimeoutMs, maxFds: 1 })
    closeSync(connection)
    const master = fds[0]
    if (master === undefined) throw new StackError('internal', 'the container sent no terminal')
    this.#master = master
    this.#input = new WriteStream(duplicateFd(master))
    this.#output = new ReadStream(master)
    this.#copy(this.#output, this.#input)
  }

  /** Resolves once everything that was written to the terminal was passed on. */
  async drained(): Promise<void> {
    await this.#drained
  }

  #copy(output: ReadStream, input: WriteStream): void {
    this.#drained = new Promise((resolve) => {
      output.on('data', (chunk: Buffer) => {
        if (process.stdout.write(chunk)) return
        output.pause()
        process.stdout.once('drain', () => output.resume())
      })
      // When the last process has closed the terminal, reading the master fails with EIO.
      output.on('error', () => resolve())
      output.on('close', () => {
        this.#master = undefined
        resolve()
      })
      output.on('end', () => resolve())
    })
    input.on('error', () => {})
    if (process.stdin.isTTY) this.#raw = makeTerminalRaw(0)
    process.stdin.on('error', () => {})
    process.stdin.pipe(input, { end: false })
    process.on('SIGWINCH', this.#resize)
    this.#copySize()
  }

  #copySize(): void {
    const size = ownTerminalSize()
    if (size === undefined || this.#master === undefined) return
    setWindowSize(this.#master, { rows: size.height, columns: size.width })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    process.off('SIGWINCH', this.#resize)
    closeSync(this.#listener)
    if (this.#input !== undefined) {
      process.stdin.unpipe(this.#input)
      process.stdin.pause()
      this.#raw?.[Symbol.dispose]()
    }
    this.#master = undefined
    this.#input?.destroy()
    this.#output?.destroy()
    rmSync(this.#directory, { recursive: true, force: true })
  }
}
