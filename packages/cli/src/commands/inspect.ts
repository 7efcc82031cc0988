// SPDX-License-Identifier: Apache-2.0

import type { EngineClient } from '@teu/engine-api'
import { isNotFound } from '@teu/errors'
import type { CommandContext } from '../context/command-context.ts'
import { text, toggle } from '../flags/kinds.ts'
import { defineCommand } from '../grammar/command.ts'
import { readPlatform } from '../images/platform-flag.ts'
import { type FindObject, inspectObjects } from '../inspect/inspect-objects.ts'

const formatFlag = text("Format: 'json' or a Go template", { char: 'f' })

const types = ['config', 'container', 'image', 'network', 'node', 'plugin', 'secret', 'service', 'task', 'volume']

/** `inspect`: everything about objects of any kind; the first kind that has the name counts. */
export const inspectCommand = defineCommand({
  path: 'inspect',
  aliases: [],
  summary: 'Return low-level information on Docker objects',
  usage: '[OPTIONS] NAME|ID [NAME|ID...]',
  flags: {
    format: formatFlag,
    size: toggle('Show sizes of containers', { char: 's' }),
    type: text('Kind of object to look for'),
  },
  arguments: { min: 1 },
  run: async (context, { values, given, args }) => {
    const { type } = values
    if (given.has('type') && type === '') {
      throw new Error(`type is empty: must be one of ${types.map((name) => JSON.stringify(name)).join(', ')}`)
    }
    if (type !== '' && !types.includes(type)) {
      const known = types.map((name) => JSON.stringify(name)).join(', ')
      throw new Error(`unknown type: ${JSON.stringify(type)}: must be one of ${known}`)
    }
    const engine = await context.engine()
    await inspectObjects(context, args, values.format, finderOf(context, engine, type, values.size))
  },
})

function finderOf(context: CommandContext, engine: EngineClient, type: string, size: boolean): FindObject {
  const options = { signal: context.signal }
  const finders: Record<string, FindObject> = {
    container: (name) => engine.containerInspect(name, { ...options, size }),
    image: (name) => engine.imageInspect(name, options),
    network: (name) => engine.networkInspect(name, options),
    volume: (name) => engine.volumeInspect(name, options),
  }
  if (type !== '') {
    const find = finders[type]
    if (find) return find
    return () => Promise.reject(new Error(`${type}s are not inspected by this program`))
  }
  return async (name) => {
    for (const find of Object.values(finders)) {
      try {
        return await find(name)
      } catch (error) {
        if (!isNotFound(error)) throw error
      }
    }
    throw new Error(`Error: No such object: ${name}`)
  }
}

/** `container inspect`: everything about containers. */
export const containerInspectCommand = defineCommand({
  path: 'container inspect',
  aliases: [],
  summary: 'Display detailed information on one or more containers',
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  flags: { format: formatFlag, size: toggle('Show sizes', { char: 's' }) },
  arguments: { min: 1 },
  run: async (context, { values, args }) => {
    const engine = await context.engine()
    await inspectObjects(context, args, values.format, finderOf(context, engine, 'container', values.size))
  },
})

/** `image inspect`: everything about images. */
export const imageInspectCommand = defineCommand({
  path: 'image inspect',
  aliases: [],
  summary: 'Display detailed information on one or more images',
  usage: '[OPTIONS] IMAGE [IMAGE...]',
  flags: { format: formatFlag, platform: text('Show the image for this platform (os[/arch[/variant]])') },
  arguments: { min: 1 },
  run: async (context, { values, args }) => {
    const options = { platform: readPlatform(values.platform), signal: context.signal }
    const engine = await context.engine()
    await inspectObjects(context, args, values.format, (name) => engine.imageInspect(name, options))
  },
})
