// SPDX-License-Identifier: Apache-2.0
import { rmSync } from 'node:fs'
import { Socket } from 'node:net'
import { closeAll, type FifoPaths, makeFifos, openReader, openWriter } from './fifo-set.ts'
import type { OutputHub } from './output-hub.ts'

/** How long after a process's end its output may be silent before it is given up, in milliseconds. */
const drainIdleMs = 2000

/** The streams of one process, from our side of its FIFOs. */
export class ProcessIo {
  readonly paths: FifoPaths
  readonly stdin: Socket | undefined
  readonly #directory: string
  readonly #hub: OutputHub
  readonly #outputs: Socket[]
  readonly #finished: Promise<unknown>
  #holders: number[]
  #lastActivity = performance.now()

  private constructor(directory: string, paths: FifoPaths, hub: OutputHub, holders: number[]) {
    this.#directory = directory
    this.paths = paths
    this.#hub = hub
    this.#holders = holders
    this.stdin = paths.stdin === '' ? undefined : openStdin(paths.stdin)
    const streams = (['stdout', 'stderr'] as const).filter((name) => paths[name] !== '')
    this.#outputs = streams.map((name) => this.#pump(name, openReader(paths[name])))
    this.#finished = Promise.all(this.#outputs.map((output) => closed(output)))
  }

  /** Makes the FIFOs and opens them. Call {@link started} once the task has opened its ends. */
  static create(directory: string, paths: FifoPaths, hub: OutputHub): ProcessIo {
    makeFifos(directory, paths)
    const holders = [paths.stdout, paths.stderr].filter(Boolean).map(openWriter)
    try {
      return new ProcessIo(directory, paths, hub, holders)
    } catch (error) {
      closeAll(holders)
      throw error
    }
  }

  /**
   * Opens the FIFOs of a process that ran before we did. What it wrote meanwhile is still in them: its monitor holds
   * them open.
   */
  static reopen(directory: string, paths: FifoPaths, hub: OutputHub): ProcessIo {
    const io = new ProcessIo(directory, paths, hub, [])
    // A reader that never saw a writer is not told that there is none: one that comes and goes makes the end known.
    closeAll([paths.stdout, paths.stderr].filter(Boolean).map(openWriter))
    return io
  }

  /** The task holds its ends now: from here on an end of file means that the output is over. */
  started(): void {
    closeAll(this.#holders)
    this.#holders = []
  }

  /**
   * Waits until all output has been delivered. A process that ended but left its streams open somewhere (a daemon
   * in the host's pid namespace) is given up after two seconds of silence.
   */
  async drained(): Promise<void> {
    this.started()
    this.#lastActivity = performance.now()
    const idle = setInterval(() => {
      if (performance.now() - this.#lastActivity > drainIdleMs) this.#destroyOutputs()
    }, drainIdleMs / 4)
    await this.#finished
    clearInterval(idle)
  }

  /** Closes everything and removes the FIFOs. */
  remove(): void {
    this.close()
    rmSync(this.#directory, { recursive: true, force: true })
  }

  /** Closes everything and leaves the FIFOs, for the next engine to open again. */
  close(): void {
    this.started()
    this.stdin?.destroy()
    this.#destroyOutputs()
  }

  #destroyOutputs(): void {
    for (const output of this.#outputs) output.destroy()
  }

  #pump(stream: 'stdout' | 'stderr', fd: number): Socket {
    const socket = new Socket({ fd, readable: true, writable: false })
    socket.on('data', (chunk: Buffer) => {
      this.#lastActivity = performance.now()
      const full = this.#hub.write(stream, chunk)
      if (!full) return
      socket.pause()
      full.then(() => {
        this.#lastActivity = performance.now()
        socket.resume()
      })
    })
    socket.on('end', () => socket.destroy())
    // A failed read ends the stream; the process itself is not concerned.
    socket.on('error', () => socket.destroy())
    return socket
  }
}

function openStdin(file: string): Socket {
  const socket = new Socket({ fd: openWriter(file), readable: false, writable: true })
  socket.on('error', () => socket.destroy())
  return socket
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()))
}
