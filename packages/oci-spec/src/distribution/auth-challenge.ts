// SPDX-License-Identifier: Apache-2.0

/** One way to authenticate that a `WWW-Authenticate` header offers (RFC 9110, section 11.6.1). @public */
export interface AuthChallenge {
  /** In lower case: `bearer`, `basic`. */
  scheme: string
  /** Keys in lower case: `realm`, `service`, `scope`, `error`. */
  parameters: ReadonlyMap<string, string>
}

/** Longer headers are cut: a challenge is a few hundred bytes. */
const maximumHeader = 16 * 1024

const token = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y
const blank = /[ \t]*/y
const quoted = /"((?:[^"\\]|\\.)*)"/y
const token68 = /[A-Za-z0-9._~+/-]+=*(?=[ \t]*(?:,|$))/y

/** Reads a header from left to right; each match starts where the last one ended, so the time taken is linear. */
class Scanner {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  take(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at
    const match = pattern.exec(this.#text)
    if (match !== null) this.#at = pattern.lastIndex
    return match
  }

  skip(character: string): boolean {
    this.take(blank)
    if (this.#text[this.#at] !== character) return false
    this.#at++
    this.take(blank)
    return true
  }

  get mark(): number {
    return this.#at
  }

  set mark(at: number) {
    this.#at = at
  }

  get done(): boolean {
    this.take(blank)
    return this.#at >= this.#text.length
  }
}

/** The challenges of a `WWW-Authenticate` header, in the order given; what follows a syntax error is dropped. @public */
export function parseChallenges(header: string): AuthChallenge[] {
  const scanner = new Scanner(header.slice(0, maximumHeader))
  const challenges: AuthChallenge[] = []
  while (!scanner.done) {
    if (scanner.skip(',')) continue
    const scheme = scanner.take(token)?.[0]
    if (scheme === undefined) break
    scanner.take(blank)
    challenges.push({ scheme: scheme.toLowerCase(), parameters: readParameters(scanner) })
  }
  return challenges
}

function readParameters(scanner: Scanner): Map<string, string> {
  const parameters = new Map<string, string>()
  // Credentials of a scheme that has no parameters, as Negotiate's.
  if (scanner.take(token68) !== null) return parameters
  let mark = scanner.mark
  while (true) {
    const key = scanner.take(token)?.[0]
    if (key === undefined || !scanner.skip('=')) {
      // Not a parameter but the next challenge's scheme.
      scanner.mark = mark
      return parameters
    }
    const value = scanner.take(quoted)?.[1]?.replace(/\\(.)/g, '$1') ?? scanner.take(token)?.[0] ?? ''
    if (!parameters.has(key.toLowerCase())) parameters.set(key.toLowerCase(), value)
    while (scanner.skip(',')) {}
    mark = scanner.mark
  }
}
