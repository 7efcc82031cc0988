// SPDX-License-Identifier: Apache-2.0
import { type IPty, spawn } from '@lydell/node-pty'
import { type Sandbox, until } from './sandbox.ts'

/** A program on a terminal of ours: what a person sees and types. */
export class Terminal {
  readonly #pty: IPty
  #seen = ''
  #status: number | undefined

  constructor(sandbox: Sandbox, file: string, args: readonly string[]) {
    this.#pty = spawn('nsenter', [`--net=${sandbox.netns}`, '--', file, ...args], {
      cols: 100,
      rows: 30,
      env: { ...sandbox.env, TERM: 'xterm' },
    })
    this.#pty.onData((text) => {
      this.#seen += text
    })
    this.#pty.onExit(({ exitCode }) => {
      this.#status = exitCode
    })
  }

  /** Everything on the screen so far. */
  get seen(): string {
    return this.#seen
  }

  type(text: string): void {
    this.#pty.write(text)
  }

  resize(columns: number, rows: number): void {
    this.#pty.resize(columns, rows)
  }

  /** Waits until the screen has `text`, a literal or a pattern, at most `timeoutMs` (30,000 by default). */
  async shows(text: string | RegExp, timeoutMs?: number): Promise<void> {
    const shown = () => (typeof text === 'string' ? this.#seen.includes(text) : text.test(this.#seen))
    await until(`the terminal shows ${text}`, shown, timeoutMs).catch((cause: unknown) => {
      throw new Error(`the terminal shows only:\n${this.#seen}`, { cause })
    })
  }

  /**
   * Types until the screen has `text`: for a program of which nothing says from when on it listens. With `before`, what is
   * to be done each time.
   */
  async answers(input: string, text: string | RegExp, before: () => void = () => {}): Promise<void> {
    await until(`the terminal answers ${JSON.stringify(input)}`, async () => {
      before()
      this.type(input)
      await this.shows(text, 1000)
      return true
    })
  }

  /** Resizes to 120 by 40, and again while the CLI listens for nothing yet, until a shell sees it. */
  async takesSize(): Promise<void> {
    await this.answers('stty size\n', '40 120', () => {
      this.resize(121, 40)
      this.resize(120, 40)
    })
  }

  /** Waits for the program's end; its exit status. */
  async ends(): Promise<number> {
    await until('the program on the terminal ends', () => this.#status !== undefined).catch((cause: unknown) => {
      throw new Error(`the program goes on; the terminal shows:\n${this.#seen}`, { cause })
    })
    return this.#status as number
  }
}
