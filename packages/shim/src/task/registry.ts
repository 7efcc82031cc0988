// SPDX-License-Identifier: Apache-2.0
import { isAlreadyExists, messageOf, StackError } from '@teu/errors'
import type { CreateTaskRequest } from '@teu/shim-api'
import type { BundleList } from '../bootstrap/bundle-list.ts'
import type { Container } from './container.ts'
import { type CreateSurroundings, createContainer } from './create-container.ts'
import { recoverContainer } from './recover-container.ts'

/** The containers of one shim. @internal */
export class ContainerRegistry {
  readonly #containers = new Map<string, Container>()
  readonly #creating = new Set<string>()
  readonly #list: BundleList
  readonly #surroundings: CreateSurroundings

  constructor(list: BundleList, surroundings: CreateSurroundings) {
    this.#list = list
    this.#surroundings = surroundings
  }

  /** How many containers there are, those included that are being made. */
  get size(): number {
    return this.#containers.size + this.#creating.size
  }

  /** Where the shim listens. */
  get socket(): string {
    return this.#surroundings.socket
  }

  get(id: string): Container {
    const container = this.#containers.get(id)
    if (container === undefined || container.init.state === 'deleted')
      throw new StackError('not-found', `container not created: ${id}`)
    return container
  }

  async create(request: CreateTaskRequest, signal: AbortSignal | undefined): Promise<Container> {
    const { id, bundle } = request
    if (this.#containers.has(id) || this.#creating.has(id)) {
      throw new StackError('already-exists', `container ${id} already exists`)
    }
    this.#creating.add(id)
    try {
      // Before anything is made: a shim that follows this one removes what it finds half made.
      await this.#list.add(id, bundle)
      const container = await createContainer(request, this.#surroundings, signal)
      this.#containers.set(id, container)
      return container
    } catch (error) {
      if (!isAlreadyExists(error)) await this.#list.remove(id)
      throw error
    } finally {
      this.#creating.delete(id)
    }
  }

  /** Forgets a container that was deleted. Its name is free when no new container's link can be taken for the old one's. */
  async forget(container: Container): Promise<void> {
    container.forget()
    try {
      await this.#list.remove(container.id)
    } finally {
      this.#containers.delete(container.id)
    }
  }

  /** Takes over what an earlier shim of this group left. */
  async recover(): Promise<void> {
    for (const { id, bundle } of await this.#list.list()) {
      try {
        const container = await recoverContainer(bundle, this.#surroundings)
        if (container?.id === id) this.#containers.set(id, container)
        else await this.#list.remove(id)
      } catch (error) {
        // Kept in the list: what fails now may be found whole by the next shim.
        this.#surroundings.log.warn(`recover ${id}: ${messageOf(error)}`)
      }
    }
  }

  /** Leaves all containers to their monitors. */
  close(): void {
    for (const container of this.#containers.values()) {
      container.close()
      for (const process of [container.init, ...container.execs.values()]) process.disconnect()
    }
  }
}
