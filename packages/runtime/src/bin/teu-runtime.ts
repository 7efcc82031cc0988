// SPDX-License-Identifier: Apache-2.0
import { main } from '../commands/main.ts'

// Handles of children that go on without this program must not keep it.
main(process.argv.slice(2)).then(
  (status) => process.exit(status),
  (error) => {
    process.stderr.write(`teu-runtime: ${error instanceof Error ? error.message : error}\n`)
    process.exit(1)
  },
)
