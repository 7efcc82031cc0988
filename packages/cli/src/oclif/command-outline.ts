// SPDX-License-Identifier: Apache-2.0

/** What help lists say about a command, whoever brings it. */
export interface CommandOutline {
  /** Its words below the program's name. */
  readonly path: string
  readonly summary: string
  readonly aliases: readonly string[]
}
