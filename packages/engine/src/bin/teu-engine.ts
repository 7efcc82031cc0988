// SPDX-License-Identifier: Apache-2.0
import { messageOf } from '@teu/errors'
import { runDaemon } from '../run-daemon.ts'

runDaemon(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`teu-engine: ${messageOf(error)}\n`)
  process.exit(1)
})
