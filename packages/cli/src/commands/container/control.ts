// SPDX-License-Identifier: Apache-2.0
import { text, toggle } from '../../flags/kinds.ts'
import { defineCommand } from '../../grammar/command.ts'
import { forEachName } from '../each.ts'

/** `kill`: sends a signal, SIGKILL unless another is named. */
export const killCommand = defineCommand({
  path: 'container kill',
  aliases: ['kill'],
  summary: 'Kill one or more running containers',
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  flags: { signal: text('Signal to send', { char: 's' }) },
  arguments: { min: 1 },
  run: async (context, { values, args }) => {
    const engine = await context.engine()
    const options = { ...(values.signal === '' ? {} : { killSignal: values.signal }), signal: context.signal }
    await forEachName(context, args, async (name) => {
      await engine.containerKill(name, options)
      return name
    })
  },
})

/** `rm`: removes containers. */
export const removeCommand = defineCommand({
  path: 'container rm',
  aliases: ['rm', 'container remove'],
  summary: 'Remove one or more containers',
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  flags: {
    force: toggle('Kill a running container first', { char: 'f' }),
    link: toggle('Remove a legacy link', { char: 'l' }),
    volumes: toggle('Remove anonymous volumes too', { char: 'v' }),
  },
  arguments: { min: 1 },
  run: async (context, { values, args }) => {
    const engine = await context.engine()
    const options = {
      force: values.force,
      removeLinks: values.link,
      removeVolumes: values.volumes,
      signal: context.signal,
    }
    await forEachName(context, args, async (name) => {
      const container = name.replace(/^\/+|\/+$/g, '')
      if (container === '') throw new Error('container name cannot be empty')
      await engine.containerRemove(container, options)
      return name
    })
  },
})

/** `pause`: freezes containers. */
export const pauseCommand = defineCommand({
  path: 'container pause',
  aliases: ['pause'],
  summary: 'Pause all processes within one or more containers',
  usage: 'CONTAINER [CONTAINER...]',
  flags: {},
  arguments: { min: 1 },
  run: async (context, { args }) => {
    const engine = await context.engine()
    await forEachName(context, args, async (name) => {
      await engine.containerPause(name, { signal: context.signal })
      return name
    })
  },
})

/** `unpause`: thaws containers. */
export const unpauseCommand = defineCommand({
  path: 'container unpause',
  aliases: ['unpause'],
  summary: 'Unpause all processes within one or more containers',
  usage: 'CONTAINER [CONTAINER...]',
  flags: {},
  arguments: { min: 1 },
  run: async (context, { args }) => {
    const engine = await context.engine()
    await forEachName(context, args, async (name) => {
      await engine.containerUnpause(name, { signal: context.signal })
      return name
    })
  },
})

/** `rename`: gives a container another name. */
export const renameCommand = defineCommand({
  path: 'container rename',
  aliases: ['rename'],
  summary: 'Rename a container',
  usage: 'CONTAINER NEW_NAME',
  flags: {},
  arguments: { min: 2, max: 2 },
  run: async (context, { args }) => {
    const [name, newName] = args.map((arg) => arg.trim()) as [string, string]
    if (name === '' || newName === '') throw new Error('Error: Neither old nor new names may be empty')
    const engine = await context.engine()
    await engine.containerRename(name, newName, { signal: context.signal })
  },
})

/** `wait`: blocks until containers have stopped and prints their exit statuses. */
export const waitCommand = defineCommand({
  path: 'container wait',
  aliases: ['wait'],
  summary: 'Block until one or more containers stop, then print their exit codes',
  usage: 'CONTAINER [CONTAINER...]',
  flags: {},
  arguments: { min: 1 },
  run: async (context, { args }) => {
    const engine = await context.engine()
    await forEachName(context, args, async (name) => {
      const { result } = await engine.containerWait(name, { signal: context.signal })
      return String((await result).StatusCode)
    })
  },
})
