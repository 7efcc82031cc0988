// SPDX-License-Identifier: Apache-2.0
import { runCli } from '../src/cli.ts'

void runCli(process.argv.slice(2), { binName: 'docker', version: '28.2.2' }).then((status) => process.exit(status))
