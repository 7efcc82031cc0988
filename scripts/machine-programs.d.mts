// SPDX-License-Identifier: Apache-2.0

/** The path of a program of the machine; undefined when it has none of that name. */
export function machineProgram(name: string): string | undefined

/** A file of a root file system: a program, a library that it loads, or a script for what the shell has built in. */
export interface MachineFile {
  /** In the root file system, without a leading slash. */
  path: string
  /** On the machine. */
  source?: string
  /** Its text, in place of a source. */
  text?: string
}

/**
 * The machine's programs of these names, as `bin/NAME`, with the interpreter and the libraries they load; by default
 * the shell and some thirty others that every distribution has. Throws when the machine has none of a name.
 */
export function machineFiles(names?: readonly string[]): MachineFile[]

/** The bytes of a file. */
export function readMachineFile(file: MachineFile): Buffer

/**
 * Puts them into a root file system, as copies of mode 0755, or as links to those that were put into `linkedTo`, which
 * is quicker where a test makes many and changes none.
 */
export function installMachinePrograms(rootfs: string, options?: { names?: readonly string[]; linkedTo?: string }): void
