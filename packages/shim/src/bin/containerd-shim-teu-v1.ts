// SPDX-License-Identifier: Apache-2.0
import { runShim } from '../run-shim.ts'

void runShim({ argv: process.argv.slice(2), env: process.env }).then((status) => {
  process.exit(status)
})
