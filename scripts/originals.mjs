// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs'
import { test } from 'node:test'

export const besideOriginals = process.env.TEU_BESIDE_ORIGINALS === '1'

export function originalProgram(...paths) {
  return besideOriginals ? paths.find((path) => existsSync(path)) : undefined
}

export const testBesideOriginals = besideOriginals ? test : () => {}
