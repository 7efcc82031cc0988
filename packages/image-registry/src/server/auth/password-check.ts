// SPDX-License-Identifier: Apache-2.0
import { createHash, createHmac, randomBytes } from 'node:crypto'
import { Failure } from '../failure.ts'
import { PasswordHasher } from './password-hasher.ts'

/** Checks that were right, and for how long they need not be made again. */
const maximumKnown = 1000
const knownForMs = 5 * 60_000

/** How many checks may wait beside the one that is made: each is some 60 ms of pure computing. */
const maximumWaiting = 100

/** What a user gets wrong nobody needs to hash. */
const maximumPassword = 1024

/**
 * Checks passwords against bcrypt hashes, on another thread. A user that does not exist takes as long as one that does.
 * It remembers right credentials for five minutes under a keyed hash, so that a push of hundreds of requests costs one
 * check; it never remembers wrong ones. When too many checks wait, callers are told to come back (503); credentials
 * that were right at some time wait before all others, and however many these are.
 *
 * @internal
 */
export class PasswordCheck {
  #users: ReadonlyMap<string, string>
  #decoy: string
  readonly #key = randomBytes(32)
  /** Until when a check need not be made again. What is older stays, as a proof that it once was right. */
  readonly #known = new Map<string, number>()
  readonly #underWay = new Map<string, Promise<boolean>>()
  readonly #hasher = new PasswordHasher()
  #isRunning = false
  readonly #waiting: (() => void)[] = []
  readonly #waitingProven: (() => void)[] = []

  constructor(users: ReadonlyMap<string, string>) {
    this.#users = users
    this.#decoy = decoyFor(users)
  }

  /** Takes other users from now on. What was remembered of a hash that changed counts no more. */
  replace(users: ReadonlyMap<string, string>): void {
    this.#users = users
    this.#decoy = decoyFor(users)
  }

  has(user: string): boolean {
    return this.#users.has(user)
  }

  /** Stands for a user's present password without telling anything of it; changes when the password does. */
  fingerprint(user: string): string | undefined {
    const hash = this.#users.get(user)
    return hash && createHash('sha256').update(`teu refresh\0${hash}`).digest('base64url')
  }

  /** Whether these credentials were right before, and the user's password is still the one it was then. */
  isProven(user: string, password: string): boolean {
    return password.length <= maximumPassword && this.#known.has(this.#keyOf(user, password))
  }

  async verify(user: string, password: string): Promise<boolean> {
    if (password.length > maximumPassword) return false
    const key = this.#keyOf(user, password)
    if ((this.#known.get(key) ?? 0) > performance.now()) return true
    const going = this.#underWay.get(key)
    if (going !== undefined) return going
    const checking = this.#check(key, password, this.#users.get(user)).finally(() => this.#underWay.delete(key))
    this.#underWay.set(key, checking)
    return checking
  }

  /** Ends the thread that hashes; checks that wait for it fail. */
  close(): Promise<void> {
    return this.#hasher.close()
  }

  #keyOf(user: string, password: string): string {
    const hash = this.#users.get(user)
    return createHmac('sha256', this.#key).update(`${hash}\0${user}\0${password}`).digest('base64')
  }

  async #check(key: string, password: string, hash: string | undefined): Promise<boolean> {
    await this.#turn(this.#known.has(key))
    try {
      const isRight = (await this.#hasher.compare(password, hash ?? this.#decoy)) && hash !== undefined
      if (isRight) this.#remember(key)
      return isRight
    } finally {
      const next = this.#waitingProven.shift() ?? this.#waiting.shift()
      if (next === undefined) this.#isRunning = false
      else next()
    }
  }

  /** Resolves when the thread is free. The check that ends hands its place over. */
  async #turn(isProven: boolean): Promise<void> {
    if (!this.#isRunning) {
      this.#isRunning = true
      return
    }
    if (!isProven && this.#waiting.length >= maximumWaiting) {
      throw new Failure('UNAVAILABLE', 'too many logins at once', { headers: { 'retry-after': '2' } })
    }
    const queue = isProven ? this.#waitingProven : this.#waiting
    return new Promise<void>((resolve) => queue.push(resolve))
  }

  #remember(key: string): void {
    this.#known.delete(key)
    this.#known.set(key, performance.now() + knownForMs)
    if (this.#known.size > maximumKnown) this.#known.delete(this.#known.keys().next().value as string)
  }
}

/** A hash of the cost that most users have, of a password that nobody knows. */
function decoyFor(users: ReadonlyMap<string, string>): string {
  const [hash] = users.values()
  const salt = randomBytes(40).toString('base64').replaceAll(/[+=]/g, '.').slice(0, 53)
  return `${hash?.slice(0, 7) ?? '$2b$10$'}${salt}`
}
