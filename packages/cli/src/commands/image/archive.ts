// SPDX-License-Identifier: Apache-2.0
import { createReadStream, existsSync } from 'node:fs'
import { openFailure } from '../../flags/env-file.ts'
import { list, text, toggle } from '../../flags/kinds.ts'
import { defineCommand } from '../../grammar/command.ts'
import { invalidPlatform, readPlatform } from '../../images/platform-flag.ts'
import { showProgress } from '../../progress/show-progress.ts'
import { forEachName } from '../each.ts'
import { saveStream } from '../save-stream.ts'

/** `load`: images out of a tar into the engine. */
export const loadCommand = defineCommand({
  path: 'image load',
  aliases: ['load'],
  summary: 'Load an image from a tar archive or STDIN',
  usage: '[OPTIONS]',
  flags: {
    input: text('File to read instead of standard input', { char: 'i' }),
    platform: text('Load only the image for this platform (os[/arch[/variant]])'),
    quiet: toggle('No output while loading', { char: 'q' }),
  },
  arguments: { min: 0, max: 0 },
  run: async (context, { values }) => {
    const { stdin, stdout } = context.streams
    const platform = readPlatform(values.platform, invalidPlatform)
    if (values.input === '' && stdin.isTTY) throw new Error('requested load from stdin, but stdin is empty')
    if (values.input !== '' && !existsSync(values.input)) {
      throw openFailure(values.input, Object.assign(new Error('missing'), { code: 'ENOENT' }))
    }
    const archive = values.input === '' ? stdin : createReadStream(values.input)
    const engine = await context.engine()
    // Progress lines only help on a terminal; the engine leaves them out when it is told so.
    const quiet = values.quiet || stdout.isTTY !== true
    const messages = await engine.imageLoad(archive, { quiet, platform, signal: context.signal })
    await showProgress(messages, stdout)
  },
})

/** `save`: images out of the engine into a tar. */
export const saveCommand = defineCommand({
  path: 'image save',
  aliases: ['save'],
  summary: 'Save one or more images to a tar archive (streamed to STDOUT by default)',
  usage: '[OPTIONS] IMAGE [IMAGE...]',
  flags: {
    output: text('File to write to instead of standard output', { char: 'o' }),
    platform: text('Save only the image for this platform (os[/arch[/variant]])'),
  },
  arguments: { min: 1 },
  run: async (context, { values, args }) => {
    const options = { platform: readPlatform(values.platform, invalidPlatform), signal: context.signal }
    const engine = await context.engine()
    await saveStream(context, values.output, 'save image', () => engine.imageSave(args, options))
  },
})

/** `rmi`: removes names of images, and the images that have none left. */
export const removeCommand = defineCommand({
  path: 'image rm',
  aliases: ['rmi', 'image remove'],
  summary: 'Remove one or more images',
  usage: '[OPTIONS] IMAGE [IMAGE...]',
  flags: {
    force: toggle('Remove an image that is in use or has several names', { char: 'f' }),
    'no-prune': toggle('Keep untagged parents'),
    platform: list('Remove only the image for this platform (os[/arch[/variant]])', { helpValue: 'strings' }),
  },
  arguments: { min: 1 },
  run: async (context, { values, args }) => {
    const { force, 'no-prune': noPrune } = values
    const platforms = values.platform
      .flatMap((text) => text.split(','))
      .map((text) => readPlatform(text))
      .filter((platform) => platform !== undefined)
    const engine = await context.engine()
    const options = { force, noPrune, platforms, signal: context.signal }
    await forEachName(context, args, async (name) => {
      const items = await engine.imageRemove(name, options)
      const lines = items.map(({ Deleted, Untagged }) => (Deleted ? `Deleted: ${Deleted}` : `Untagged: ${Untagged}`))
      return lines.length > 0 ? lines.join('\n') : undefined
    })
  },
})
