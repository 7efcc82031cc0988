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
