// SPDX-License-Identifier: Apache-2.0

/** How long a shim stays that has never had a container, or has lost its last one without a word, in milliseconds. */
const forgottenMs = 60_000

/** Says when a shim has been idle long enough. @internal */
export class IdleTimer {
  readonly #isIdle: () => boolean
  readonly #farewellMs: number
  #timer: NodeJS.Timeout | undefined
  #expire: (() => void) | undefined
  #touches = 0
  /** What the shim waits for its next visitor: little once it was told to shut down, until it has a container again. */
  #patience = forgottenMs

  /** @param farewellMs How long it stays after it was told to shut down. */
  constructor(isIdle: () => boolean, farewellMs: number) {
    this.#isIdle = isIdle
    this.#farewellMs = farewellMs
    this.touch()
  }

  /** How often somebody was here. */
  get touches(): number {
    return this.#touches
  }

  /** Somebody was here: start over. */
  touch(): void {
    this.#touches++
    this.#set(this.#patience)
  }

  /** Nobody wants the shim any more, unless somebody touches it soon; with `now`, it does not wait for that. */
  hurry(now: boolean): void {
    this.#patience = this.#farewellMs
    this.#set(now ? 0 : this.#farewellMs)
  }

  /** Resolves the next time that the shim has been idle long enough. */
  expired(): Promise<void> {
    if (this.#timer === undefined) this.#set(this.#patience)
    return new Promise((resolve) => {
      this.#expire = resolve
    })
  }

  #set(ms: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      if (!this.#isIdle()) {
        this.#patience = forgottenMs
        return this.#set(forgottenMs)
      }
      this.#timer = undefined
      this.#expire?.()
    }, ms)
  }
}
