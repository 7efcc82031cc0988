// SPDX-License-Identifier: Apache-2.0
import { messageOf } from '@teu/errors'
import { runTeud } from '../daemon.ts'

runTeud(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`teud: ${messageOf(error)}\n`)
  process.exit(1)
})
