// SPDX-License-Identifier: Apache-2.0

/** Texts of one registry that are told; a registry that sends more is not listened to. */
const maximumWarnings = 100
/** Characters of a text that are told. */
const maximumLength = 1024

/** Passes on what registries want people to read, once each. @internal */
export class Warnings {
  readonly #tell: ((registry: string, text: string) => void) | undefined
  readonly #told = new Map<string, Set<string>>()

  constructor(tell: ((registry: string, text: string) => void) | undefined) {
    this.#tell = tell
  }

  /** Takes the `Warning` headers of an answer. The specification knows the code 299 only, from nobody, without a date. */
  take(registry: string, headers: readonly string[]): void {
    if (this.#tell === undefined) return
    const told = this.#told.get(registry) ?? new Set()
    this.#told.set(registry, told)
    for (const [, quoted = ''] of headers.flatMap((value) => [
      ...value.matchAll(/(?:^|,\s*)299 \S+ "((?:[^"\\]|\\.)*)"/g),
    ])) {
      const text = quoted.replace(/\\(.)/g, '$1').slice(0, maximumLength)
      if (told.size >= maximumWarnings || told.has(text)) continue
      told.add(text)
      this.#tell(registry, text)
    }
  }
}
