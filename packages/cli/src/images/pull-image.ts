// SPDX-License-Identifier: Apache-2.0
import type { EngineClient } from '@teu/engine-api'
import { withDefaultTag } from '@teu/oci-spec/distribution'
import type { CommandContext } from '../context/command-context.ts'
import type { OutputStream } from '../context/streams.ts'
import { credentialsFor } from '../credentials/credentials.ts'
import { showProgress } from '../progress/show-progress.ts'
import { readName } from './image-name.ts'

/** What to pull and where to say so. */
export interface PullImageOptions {
  readonly image: string
  /** `os/arch[/variant]`; empty for the engine's own. */
  readonly platform: string
  /** Show nothing of the transfer. */
  readonly quiet: boolean
  readonly output: OutputStream
  /** Every tag of the repository. */
  readonly all?: boolean
}

/** Asks the engine to pull an image and shows how it goes. Rejects with the engine's text when it fails. */
export async function pullImage(
  context: CommandContext,
  engine: EngineClient,
  { image, platform, quiet, output, all = false }: PullImageOptions,
): Promise<void> {
  const parsed = readName(image)
  const reference = all ? parsed : withDefaultTag(parsed)
  const auth = await credentialsFor(context, reference.registry)
  const messages = await engine.imagePull({
    name: `${reference.registry}/${reference.repository}`,
    ...(all ? {} : { tag: reference.digest ?? reference.tag }),
    ...(platform === '' ? {} : { platform }),
    ...(auth ? { auth } : {}),
  })
  await showProgress(messages, output, { quiet })
}
