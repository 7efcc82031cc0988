// SPDX-License-Identifier: Apache-2.0
import { main } from '../program/main.ts'

void main(process.argv.slice(2), process).then((status) => {
  process.exitCode = status
})
