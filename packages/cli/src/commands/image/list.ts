// SPDX-License-Identifier: Apache-2.0
import { filterFlag } from '../../flags/filter.ts'
import { text, toggle } from '../../flags/kinds.ts'
import { formatList, parseListFormat } from '../../format/list-format.ts'
import { defineCommand } from '../../grammar/command.ts'
import { historyShape } from '../../images/history-list.ts'
import { imageRows, imageShape } from '../../images/image-list.ts'
import { invalidPlatform, readPlatform } from '../../images/platform-flag.ts'

/** `images`: the list of images. */
export const listCommand = defineCommand({
  path: 'image ls',
  aliases: ['images', 'image list'],
  summary: 'List images',
  usage: '[OPTIONS] [REPOSITORY[:TAG]]',
  flags: {
    all: toggle('Show intermediate images too', { char: 'a' }),
    digests: toggle('Show digests'),
    filter: filterFlag('Show only what matches', { char: 'f' }),
    format: text("Format: 'table', 'table TEMPLATE', 'json', or a Go template"),
    'no-trunc': toggle('Do not shorten anything'),
    quiet: toggle('Show ids alone', { char: 'q' }),
  },
  arguments: { min: 0, max: 1 },
  run: async (context, { values, args }) => {
    const [name] = args
    const filters =
      name === undefined
        ? values.filter
        : { ...values.filter, reference: [...new Set([...(values.filter.reference ?? []), name])] }
    const wanted = values.format || (values.quiet ? '' : (context.config.formats.imagesFormat ?? ''))
    const shape = imageShape({ truncate: !values['no-trunc'], digests: values.digests })
    const quietable = values.quiet && !/\{\{/.test(wanted) && wanted !== 'json'
    const format = parseListFormat(quietable ? '{{.ID}}' : wanted, shape)
    const engine = await context.engine()
    const images = await engine.imageList({ all: values.all, filters, signal: context.signal })
    const withDigests = values.digests || wanted.includes('{{.Digest}}')
    context.streams.stdout.write(formatList(format, shape, imageRows(images, withDigests, values.digests)))
  },
})

/** `history`: the steps an image was built in. */
export const historyCommand = defineCommand({
  path: 'image history',
  aliases: ['history'],
  summary: 'Show the history of an image',
  usage: '[OPTIONS] IMAGE',
  flags: {
    format: text("Format: 'table', 'table TEMPLATE', 'json', or a Go template"),
    human: toggle('Print sizes and dates as people read them', { char: 'H', initial: true }),
    'no-trunc': toggle('Do not shorten anything'),
    platform: text('Show the image for this platform (os[/arch[/variant]])'),
    quiet: toggle('Show ids alone', { char: 'q' }),
  },
  arguments: { min: 1, max: 1 },
  run: async (context, { values, args }) => {
    const platform = readPlatform(values.platform, invalidPlatform)
    const shape = historyShape({ truncate: !values['no-trunc'], human: values.human })
    const format = parseListFormat(values.quiet && values.format === '' ? '{{.ID}}' : values.format, shape)
    const engine = await context.engine()
    const history = await engine.imageHistory(args[0] as string, { platform, signal: context.signal })
    context.streams.stdout.write(formatList(format, shape, history))
  },
})
