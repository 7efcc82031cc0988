// SPDX-License-Identifier: Apache-2.0
import { familiarName, formatReference, type parseReference, withDefaultTag } from '@teu/oci-spec/distribution'
import { credentialsFor } from '../../credentials/credentials.ts'
import { text, toggle } from '../../flags/kinds.ts'
import { escapeControl } from '../../format/escape-control.ts'
import { defineCommand } from '../../grammar/command.ts'
import { readName } from '../../images/image-name.ts'
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
    platform: text('Platform to upload, where there are several', { hidden: true }),
    quiet: toggle('Print the name alone', { char: 'q' }),
  },
  arguments: { min: 1, max: 1 },
  run: async (context, { values, args }) => {
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
      ...(auth ? { auth } : {}),
      signal: context.signal,
    })
    await showProgress(messages, context.streams.stdout, { quiet: values.quiet })
    if (values.quiet) context.print(escapeControl(formatReference(reference)))
  },
})

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
