// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync } from 'node:fs'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ShimFixture } from './shim-fixture.ts'

/** What a logging program of the tests does besides writing down what it gets. */
export interface LoggerInit {
  /** Shell words before it says that it is ready. */
  before?: string
  /** Shell words after both of its inputs have ended. */
  after?: string
}

/** A logging program that notes its arguments, its environment and its descriptors, and keeps both streams. */
export class LoggerProgram {
  readonly path: string
  readonly #folder: string

  private constructor(folder: string) {
    this.#folder = folder
    this.path = join(folder, 'log to')
  }

  static async create(fixture: ShimFixture, name: string, { before = '', after = '' }: LoggerInit = {}) {
    const folder = join(fixture.folder, name)
    await mkdir(folder)
    const program = new LoggerProgram(folder)
    const lines = [
      '#!/bin/bash',
      `cd ${folder}`,
      'printf "%s\\n" "$@" >args',
      'tr "\\0" "\\n" </proc/$$/environ >environment',
      'readlink /proc/$$/fd/0 /proc/$$/fd/1 /proc/$$/fd/2 >standard',
      'ls /proc/$$/fd >descriptors',
      'pwd -P >/dev/null; readlink /proc/$$/exe >/dev/null',
      `trap 'echo TERM >>signals' TERM`,
      before,
      'exec 5>&-',
      'cat <&3 >stdout & cat <&4 >stderr &',
      'while ! wait; do :; done; wait',
      after,
      'echo >done',
    ]
    await writeFile(program.path, `${lines.join('\n')}\n`)
    await chmod(program.path, 0o755)
    return program
  }

  /** Its address, with parameters. */
  uri(query = ''): string {
    return `binary://${encodeURI(this.path)}${query}`
  }

  has(name: string): boolean {
    return existsSync(join(this.#folder, name))
  }

  /** What it has noted under a name. */
  note(name: string): string {
    return readFileSync(join(this.#folder, name), 'utf8')
  }
}
