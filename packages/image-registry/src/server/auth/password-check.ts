// SPDX-License-Identifier: Apache-2.0
import { createHash, createHmac, randomBytes } from 'node:crypto'
import { Failure } from '../failure.ts'

/** Checks that were right, and for how long they need not be made again. */
const maximumKnown = 1000
const knownForMs = 5 * 60_000

/** Checks at a time, and how many more may wait: each is some 50 ms of pure computing. */
const maximumRunning = 2
const maximumWaiting = 100

/** What a user gets wrong nobody needs to hash. */
const maximumPassword = 1024

type Compare = (password: string, hash: string) => Promise<boolean>

/**
 * Checks passwords against bcrypt hashes. A user that does not exist takes as long as one that does. What was right is
 * remembered for five minutes under a keyed hash, so that a push of hundreds of requests costs one check; what was wrong
 * never is. When too many checks wait, callers are told to come back (503).
 *
 * @internal
 */
export class PasswordCheck {
  #users: ReadonlyMap<string, string>
  #decoy: string
  readonly #key = randomBytes(32)
  readonly #known = new Map<string, number>()
  readonly #underWay = new Map<string, Promise<boolean>>()
  #running = 0
  readonly #waiting: (() => void)[] = []
  #compare: Compare | undefined

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

  async verify(user: string, password: string): Promise<boolean> {
    if (password.length > maximumPassword) return false
    const hash = this.#users.get(user)
    const key = createHmac('sha256', this.#key).update(`${hash}\0${user}\0${password}`).digest('base64')
    const until = this.#known.get(key)
    if (until !== undefined && until > performance.now()) return true
    this.#known.delete(key)
    const going = this.#underWay.get(key)
    if (going !== undefined) return going
    const checking = this.#check(key, password, hash).finally(() => this.#underWay.delete(key))
    this.#underWay.set(key, checking)
    return checking
  }

  async #check(key: string, password: string, hash: string | undefined): Promise<boolean> {
    await this.#turn()
    try {
      this.#compare ??= (await import('bcryptjs')).default.compare
      const isRight = (await this.#compare(password, hash ?? this.#decoy)) && hash !== undefined
      if (isRight) this.#remember(key)
      return isRight
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#running--
      else next()
    }
  }

  async #turn(): Promise<void> {
    if (this.#running >= maximumRunning) {
      if (this.#waiting.length >= maximumWaiting) {
        throw new Failure('UNAVAILABLE', 'too many logins at once', { headers: { 'retry-after': '2' } })
      }
      // Whoever ends hands its place over.
      return new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
    this.#running++
  }

  #remember(key: string): void {
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
