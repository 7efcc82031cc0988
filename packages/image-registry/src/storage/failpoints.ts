// SPDX-License-Identifier: Apache-2.0

/**
 * Told of each step between which a process may die, by name. Tests end the process in it; nothing else gives one, and
 * no option of the public interface leads here.
 *
 * @internal
 */
export type Failpoints = (step: string) => void | Promise<void>

/** Nothing happens at any step. @internal */
export const noFailpoints: Failpoints = () => {}

const key = Symbol('failpoints')

/** Lets whoever uses a storage stop at its own steps too. @internal */
export function withFailpoints<Driver extends object>(driver: Driver, reached: Failpoints): Driver {
  return Object.defineProperty(driver, key, { value: reached, enumerable: true })
}

/** The failpoints that a storage was given. @internal */
export function failpointsOf(driver: object): Failpoints {
  return (driver as { [key]?: Failpoints })[key] ?? noFailpoints
}
