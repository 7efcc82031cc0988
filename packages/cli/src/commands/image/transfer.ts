// SPDX-License-Identifier: Apache-2.0
import type { QueryPlatform } from '@teu/engine-api'
import { familiarName, formatReference, type parseReference, withDefaultTag } from '@teu/oci-spec/distribution'
import type { CommandContext } from '../../context/command-context.ts'
import { credentialsFor } from '../../credentials/credentials.ts'
import { text, toggle } from '../../flags/kinds.ts'
import { escapeControl } from '../../format/escape-control.ts'
import { defineCommand } from '../../grammar/command.ts'
import { readName } from '../../images/image-name.ts'
import { readPlatform } from '../../images/platform-flag.ts'
import { pullImage } from '../../images/pull-image.ts'
import { showProgress } from '../../progress/show-progress.ts'

/** `pull`: downloads an image into the engine. */
export const pullCommand = defineCommand({
  path: 'image pull',
  aliases: ['pull'],
  summary: 'Download an image from a registry',
  usage: '[OPTIONS] NAME[:TAG|@DIGEST]',
  flags: {
    'all-tags': toggle('Download every tag of the repository', { char: 'a' }),
    'disable-content-trust': toggle('Skip image verification', { initial: true }),
    platform: text('Platform of the image, where there are several'),
    quiet: toggle('Print the name alone', { char: 'q' }),
  },
  arguments: { min: 1, max: 1 },
  run: async (context, { values, args }) => {
    const image = args[0] as string
    const parsed = readName(image)
    const all = values['all-tags']
    if (all && (parsed.tag !== undefined || parsed.digest !== undefined)) {
      throw new Error("tag can't be used with --all-tags/-a")
    }
    const reference = all ? parsed : withDefaultTag(parsed)
    if (!all && parsed.tag === undefined && parsed.digest === undefined && !values.quiet) {
      context.print('Using default tag: latest')
    }
    const engine = await context.engine()
    const { stdout } = context.streams
    const platform = values.platform || context.env.DOCKER_DEFAULT_PLATFORM || ''
    await pullImage(context, engine, { image, platform, quiet: values.quiet, output: stdout, all })
    context.print(formatReference(reference))
  },
})

/** `push`: uploads an image from the engine to a registry. */
export const pushCommand = defineCommand({
  path: 'image push',
  aliases: ['push'],
  summary: 'Upload an image to a registry',
  usage: '[OPTIONS] NAME[:TAG]',
  flags: {
    'all-tags': toggle('Upload every tag of the repository', { char: 'a' }),
    'disable-content-trust': toggle('Skip image signing', { initial: true }),
    platform: text('Upload only the image for this platform, without an index (os[/arch[/variant]])'),
    quiet: toggle('Print the name alone', { char: 'q' }),
  },
  arguments: { min: 1, max: 1 },
  run: async (context, { values, args }) => {
    const platform = pushedPlatform(context, values.platform)
    const parsed = readName(args[0] as string)
    const all = values['all-tags']
    if (all && (parsed.tag !== undefined || parsed.digest !== undefined)) {
      throw new Error("tag can't be used with --all-tags/-a")
    }
    const reference = all ? parsed : withDefaultTag(parsed)
    if (!all && parsed.tag === undefined && parsed.digest === undefined && !values.quiet) {
      context.print(`Using default tag: ${reference.tag}`)
    }
    const auth = await credentialsFor(context, reference.registry)
    const engine = await context.engine()
    const messages = await engine.imagePush({
      name: familiarName(reference),
      tag: reference.tag,
      platform,
      ...(auth ? { auth } : {}),
      signal: context.signal,
    })
    await showProgress(messages, context.streams.stdout, { quiet: values.quiet })
    if (values.quiet) context.print(escapeControl(formatReference(reference)))
  },
})

/** The platform to push. Of an index then only one manifest goes out, which docker's users are told. */
function pushedPlatform(context: CommandContext, text: string): QueryPlatform | undefined {
  const platform = readPlatform(text, `Invalid platform ${text}`)
  if (platform) {
    context.print(`
 Info -> Using --platform pushes only the specified platform manifest of a multi-platform image index.
         Other components, like attestations, will not be included.
         To push the complete multi-platform image, remove the --platform flag.
         `)
  }
  return platform
}

/** `tag`: gives an image one more name. */
export const tagCommand = defineCommand({
  path: 'image tag',
  aliases: ['tag'],
  summary: 'Create a tag TARGET_IMAGE that refers to SOURCE_IMAGE',
  usage: 'SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]',
  flags: {},
  arguments: { min: 2, max: 2 },
  run: async (context, { args }) => {
    const [source, target] = args as [string, string]
    let reference: ReturnType<typeof parseReference>
    try {
      reference = withDefaultTag(readName(target))
    } catch (error) {
      const reason = (error as Error).message
      throw new Error(`Error parsing reference: ${JSON.stringify(target)} is not a valid repository/tag: ${reason}`)
    }
    const engine = await context.engine()
    const repo = `${reference.registry}/${reference.repository}`
    await engine.imageTag(source, { repo, tag: reference.tag }, { signal: context.signal })
  },
})
