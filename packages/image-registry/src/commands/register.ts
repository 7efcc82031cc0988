// SPDX-License-Identifier: Apache-2.0
import type { MakeCommand } from './surroundings.ts'

/** Every command of `teu-registry` but `serve`, in the order that help lists them. @internal */
export const imageCommands: readonly MakeCommand[] = []
