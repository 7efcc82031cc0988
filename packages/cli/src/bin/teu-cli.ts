// SPDX-License-Identifier: Apache-2.0
import { runCli } from '../cli.ts'

void runCli(process.argv.slice(2)).then((status) => process.exit(status))
