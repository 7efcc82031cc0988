// SPDX-License-Identifier: Apache-2.0
import { containerShape, noContainer } from '../../containers/container-list.ts'
import { ExitError } from '../../exit-status.ts'
import { filterFlag } from '../../flags/filter.ts'
import { integer, text, toggle } from '../../flags/kinds.ts'
import { functionNames } from '../../format/go-template/functions.ts'
import { TemplateSyntaxError } from '../../format/go-template/lexer.ts'
import { parseTemplate } from '../../format/go-template/parser.ts'
import { Struct } from '../../format/go-template/values.ts'
import { formatList, parseListFormat } from '../../format/list-format.ts'
import { renderTemplate } from '../../format/template.ts'
import { defineCommand } from '../../grammar/command.ts'

/** `ps`: the list of containers. */
export const listCommand = defineCommand({
  path: 'container ls',
  aliases: ['ps', 'container ps', 'container list'],
  summary: 'List containers',
  usage: '[OPTIONS]',
  flags: {
    all: toggle('Show all containers, not only running ones', { char: 'a' }),
    filter: filterFlag('Show only what matches', { char: 'f' }),
    format: text("Format: 'table', 'table TEMPLATE', 'json', or a Go template"),
    last: integer('Show the n containers created last', { char: 'n', initial: -1 }),
    latest: toggle('Show the container created last', { char: 'l' }),
    'no-trunc': toggle('Do not shorten anything'),
    quiet: toggle('Show ids alone', { char: 'q' }),
    size: toggle('Show sizes', { char: 's' }),
  },
  arguments: { min: 0, max: 0 },
  run: async (context, { values }) => {
    if (values.quiet && values.format !== '') {
      context.printError('WARNING: Ignoring custom format, because both --format and --quiet are set.\n')
    }
    const wanted = values.quiet ? '{{.ID}}' : values.format || context.config.formats.psFormat || ''
    const shape = containerShape({ truncate: !values['no-trunc'], size: values.size })
    const size = readsSize(wanted, shape) || values.size
    const format = parseListFormat(wanted, shape)
    const engine = await context.engine()
    const limit = values.latest && values.last === -1 ? 1 : values.last
    const containers = await engine.containerList({
      all: values.all,
      limit,
      size,
      filters: values.filter,
      signal: context.signal,
    })
    context.streams.stdout.write(formatList(format, shape, containers))
  },
})

/**
 * Tries the template, as it was typed, on nothing: it fails where it names a wrong field, and tells whether it asks
 * for the size, which is costly to find out.
 */
function readsSize(format: string, shape: ReturnType<typeof containerShape>): boolean {
  let read = false
  const members = {
    ...shape.row(noContainer),
    Size: () => {
      read = true
      return ''
    },
  }
  try {
    const template = parseTemplate('', format, functionNames)
    renderTemplate(template, new Struct(shape.typeName, members))
  } catch (error) {
    const what = error instanceof TemplateSyntaxError ? 'parse' : 'execute'
    throw new ExitError(1, `failed to ${what} template: ${(error as Error).message}`, { cause: error })
  }
  return read
}
