// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/** An id that stays as long as the data root does. */
export function engineIdIn(dataRoot: string): string {
  const file = path.join(dataRoot, 'engine-id')
  const found = readText(file).trim()
  if (found !== '') return found
  const id = randomUUID()
  writeFileSync(file, `${id}\n`, { mode: 0o600 })
  return id
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
