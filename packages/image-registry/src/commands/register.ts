// SPDX-License-Identifier: Apache-2.0
import type { Command } from 'commander'
import type { Surroundings } from './surroundings.ts'

/**
 * Adds every command of `teu-registry` but `serve` to a program. A command that fails prints one line to standard error
 * and sets `around.exitCode`; it never throws and never ends the process itself.
 *
 * @internal
 */
export function registerCommands(_program: Command, _around: Surroundings = process): void {}
