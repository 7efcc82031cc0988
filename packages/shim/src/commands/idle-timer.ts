// SPDX-License-Identifier: Apache-2.0

/** How long a shim stays that has never had a container, or has lost its last one without a word, in milliseconds. */
const forgottenMs = 60_000

/** How long it stays after it was told to shut down: the next container may be on its way. */
const farewellMs = 3000

/** Says when a shim has been idle long enough. @internal */
export class IdleTimer {
  readonly expired: Promise<void>
  readonly #expire: () => void
  readonly #isIdle: () => boolean
  #timer: NodeJS.Timeout | undefined

  constructor(isIdle: () => boolean) {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.expired = promise
    this.#expire = resolve
    this.#isIdle = isIdle
    this.touch()
  }

  /** Somebody was here: start over. */
  touch(): void {
    this.#set(forgottenMs)
  }

  /** Nobody wants the shim any more, unless somebody touches it soon. */
  hurry(): void {
    this.#set(farewellMs)
  }

  #set(ms: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => (this.#isIdle() ? this.#expire() : this.#set(forgottenMs)), ms)
  }
}
