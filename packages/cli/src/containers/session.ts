// SPDX-License-Identifier: Apache-2.0
import type { ContainerConfig, EngineClient } from '@teu/engine-api'
import type { CommandContext } from '../context/command-context.ts'
import { AttachedSession } from '../run/attached-streams.ts'
import { defaultDetachKeys, parseDetachKeys } from '../run/detach-keys.ts'

/** Which streams of which container to attach. */
export interface AttachOptions {
  readonly id: string
  readonly config: Pick<ContainerConfig, 'AttachStdin' | 'AttachStdout' | 'AttachStderr' | 'Tty'>
  /** As given; empty for the engine's default. */
  readonly detachKeys: string
}

/** The key sequence in force: the flag's, else the config file's, else none said. */
export function detachKeysOf(context: CommandContext, flag: string): string {
  return flag === '' ? context.config.detachKeys : flag
}

/** The bytes of a key sequence; one that cannot be read is reported and the default holds. */
export function detachBytes(context: CommandContext, keys: string): Uint8Array {
  try {
    return parseDetachKeys(keys === '' ? defaultDetachKeys : keys)
  } catch (error) {
    context.printError(`WARNING: invalid detach escape keys, using default: ${(error as Error).message}`)
    return parseDetachKeys(defaultDetachKeys)
  }
}

/** Attaches to a container before it starts, or while it runs. */
export async function attachContainer(
  context: CommandContext,
  engine: EngineClient,
  { id, config, detachKeys }: AttachOptions,
): Promise<AttachedSession> {
  const { AttachStdin: stdin = false, AttachStdout: stdout = false, AttachStderr: stderr = false } = config
  const connection = await engine.containerAttach(id, {
    stream: true,
    stdin,
    stdout,
    stderr,
    ...(detachKeys === '' ? {} : { detachKeys }),
  })
  const { streams } = context
  const tty = config.Tty ?? false
  return new AttachedSession({
    connection,
    stdin: stdin ? streams.stdin : undefined,
    stdout: stdout ? streams.stdout : undefined,
    // A terminal has one output, which both names mean.
    stderr: stderr ? (tty ? streams.stdout : streams.stderr) : undefined,
    tty,
    detachKeys: detachBytes(context, detachKeys),
  })
}
