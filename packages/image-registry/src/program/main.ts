// SPDX-License-Identifier: Apache-2.0
import { createRequire } from 'node:module'
import { messageOf } from '@teu/errors'
import { Command, CommanderError } from 'commander'
import { registerCommands } from '../commands/register.ts'
import { type ServeSurroundings, serveCommand } from '../server/config/serve-command.ts'

const { version } = createRequire(import.meta.url)('@teu/image-registry/package.json') as { version: string }

/** The program `teu-registry`. Answers the exit status: 0, 1 for a failure, 2 for wrong usage. @internal */
export async function main(argv: readonly string[], around: ServeSurroundings): Promise<number> {
  const program = new Command('teu-registry')
    .description('An OCI registry: serves images, and moves them between registries, layouts and archives.')
    .version(`teu-registry ${version}`, '-v, --version', 'print the version and exit')
    .addCommand(serveCommand(around))
  registerCommands(program, around)
  for (const command of [program, ...program.commands]) speakThrough(command, around)
  try {
    await program.parseAsync(argv, { from: 'user' })
    return Number(around.exitCode ?? 0)
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    around.stderr.write(`teu-registry: ${messageOf(error)}\n`)
    return 1
  }
}

/** Makes commander throw where it would exit, and write where it is told to. */
function speakThrough(command: Command, around: ServeSurroundings): void {
  command
    .exitOverride()
    .showHelpAfterError('(--help says what there is)')
    .helpOption('-h, --help', 'print this and exit')
    .configureOutput({
      writeOut: (text) => void around.stdout.write(text),
      writeErr: (text) => void around.stderr.write(text),
      outputError: (text, write) => write(text.replace(/^error: /, 'teu-registry: ')),
    })
}
