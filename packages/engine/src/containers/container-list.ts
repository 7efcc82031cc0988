// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import type { Container } from './container.ts'

/** All containers of an engine, found by id, unique id prefix or name. */
export class ContainerList implements Iterable<Container> {
  readonly #byId = new Map<string, Container>()
  readonly #byName = new Map<string, string>()

  get size(): number {
    return this.#byId.size
  }

  [Symbol.iterator](): Iterator<Container> {
    return this.#byId.values()
  }

  /** `conflict` when the name is taken, with the text that says by whom. */
  reserveName(name: string, id: string): void {
    const holder = this.#byName.get(name)
    if (holder !== undefined && holder !== id) {
      throw new StackError(
        'conflict',
        `Conflict. The container name "/${name}" is already in use by container "${holder}". ` +
          'You have to remove (or rename) that container to be able to reuse that name.',
      )
    }
    this.#byName.set(name, id)
  }

  releaseName(name: string): void {
    this.#byName.delete(name)
  }

  isNameTaken(name: string): boolean {
    return this.#byName.has(name)
  }

  add(container: Container): void {
    this.#byId.set(container.id, container)
    this.#byName.set(container.name, container.id)
  }

  remove(container: Container): void {
    this.#byId.delete(container.id)
    if (this.#byName.get(container.name) === container.id) this.#byName.delete(container.name)
  }

  byId(id: string): Container | undefined {
    return this.#byId.get(id)
  }

  /**
   * The container that a reference means: a full id, then a name with or without slash, then a unique prefix of an
   * id. `not-found` when there is none, `invalid-argument` when a prefix fits several.
   */
  find(reference: string): Container {
    const exact = this.#byId.get(reference)
    if (exact) return exact
    const named = this.#byName.get(reference.replace(/^\//, ''))
    const byName = named === undefined ? undefined : this.#byId.get(named)
    if (byName) return byName
    const [first, second] = /^[0-9a-f]{1,64}$/.test(reference) ? this.#withPrefix(reference) : []
    if (second) throw new StackError('invalid-argument', `multiple IDs found with provided prefix: ${reference}`)
    if (!first) throw new StackError('not-found', `No such container: ${reference}`)
    return first
  }

  #withPrefix(prefix: string): Container[] {
    return [...this.#byId.values()].filter(({ id }) => id.startsWith(prefix))
  }
}
