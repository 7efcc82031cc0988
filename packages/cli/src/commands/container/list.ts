// SPDX-License-Identifier: Apache-2.0
import { containerShape, noContainer } from '../../containers/container-list.ts'
import { ExitError } from '../../exit-status.ts'
import { filterFlag } from '../../flags/filter.ts'
import { integer, text, toggle } from '../../flags/kinds.ts'
import {
  checkListFormat,
  formatList,
  type ListFormat,
  type ListShape,
  parseListFormat,
} from '../../format/list-format.ts'
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
    const format = parseContainerFormat(wanted, shape)
    const size = values.size || (wanted !== 'json' && readsSize(format, shape))
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

function parseContainerFormat(wanted: string, shape: ReturnType<typeof containerShape>): ListFormat {
  try {
    return parseListFormat(wanted, shape)
  } catch (error) {
    const reason = (error as Error).message.replace('template parsing error:', 'failed to parse template:')
    throw new ExitError(1, reason, { cause: error })
  }
}

/** Tries the template on nothing: it fails where it names a wrong field, and tells whether it asks for the size. */
function readsSize(format: ListFormat, shape: ReturnType<typeof containerShape>): boolean {
  let read = false
  const row: ListShape<typeof noContainer>['row'] = (container) => ({
    ...shape.row(container),
    Size: () => {
      read = true
      return ''
    },
  })
  checkListFormat(format, { ...shape, row }, noContainer)
  return read
}
