// SPDX-License-Identifier: Apache-2.0
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** The source of `teu-runtime`. */
export const program = join(
  dirname(createRequire(import.meta.url).resolve('@teu/runtime/package.json')),
  'src/bin/teu-runtime.ts',
)
