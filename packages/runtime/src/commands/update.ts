// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { StackError } from '@teu/errors'
import { type LinuxResources, parseExactJson, validateResources } from '@teu/oci-spec/runtime'
import type { Command, OptionValues } from './command.ts'
import { textOption } from './parse.ts'

/** `update`. @internal */
export const command: Command = {
  name: 'update',
  summary: 'change the limits of a container',
  usage: '[command options] <container-id>',
  arguments: { exactly: 1 },
  options: {
    resources: { type: 'string', short: 'r', help: 'file with the limits as JSON, or - for standard input' },
    'blkio-weight': { type: 'string', help: 'weight of block I/O, 10 to 1000' },
    'cpu-period': { type: 'string', help: 'length of a CPU period in microseconds' },
    'cpu-quota': { type: 'string', help: 'CPU time in a period in microseconds' },
    'cpu-burst': { type: 'string', help: 'CPU time that may be overdrawn in microseconds' },
    'cpu-share': { type: 'string', help: 'relative weight of the CPU' },
    'cpu-rt-period': { type: 'string', help: 'length of a real-time period in microseconds' },
    'cpu-rt-runtime': { type: 'string', help: 'real-time CPU time in a period in microseconds' },
    'cpu-idle': { type: 'string', help: '1 to run only when nothing else does' },
    'cpuset-cpus': { type: 'string', help: 'CPUs to use' },
    'cpuset-mems': { type: 'string', help: 'memory nodes to use' },
    memory: { type: 'string', help: 'memory limit in bytes, or with a unit such as 64m; -1 for none' },
    'memory-reservation': { type: 'string', help: 'soft memory limit in bytes' },
    'memory-swap': { type: 'string', help: 'limit of memory and swap together in bytes, -1 for none' },
    'pids-limit': { type: 'string', help: 'limit of processes, -1 for none' },
    'l3-cache-schema': { type: 'string', help: 'refused; resctrl is not supported' },
    'mem-bw-schema': { type: 'string', help: 'refused; resctrl is not supported' },
  },
  async run({ runtime, options, positionals }) {
    const file = textOption(options, 'resources')
    const resources = file === undefined ? resourcesFromOptions(options) : await readResources(file)
    await runtime.update(positionals[0] as string, resources)
    return 0
  },
}

async function readResources(file: string): Promise<LinuxResources> {
  const json = file === '-' ? await text(process.stdin) : await readFile(file, 'utf8')
  try {
    return validateResources(parseExactJson(json))
  } catch (error) {
    throw new StackError('invalid-argument', `resources: ${(error as Error).message}`, { cause: error })
  }
}

/** The limits that single options name. @internal */
export function resourcesFromOptions(options: OptionValues): LinuxResources {
  refuseResctrl(options)
  const number = (name: string) => wholeNumber(name, textOption(options, name))
  const size = (name: string) => byteSize(name, textOption(options, name))
  const resources = {
    memory: {
      limit: size('memory'),
      reservation: size('memory-reservation'),
      swap: size('memory-swap'),
    },
    cpu: {
      period: number('cpu-period'),
      quota: number('cpu-quota'),
      burst: number('cpu-burst'),
      shares: number('cpu-share'),
      realtimePeriod: number('cpu-rt-period'),
      realtimeRuntime: number('cpu-rt-runtime'),
      idle: number('cpu-idle'),
      cpus: textOption(options, 'cpuset-cpus'),
      mems: textOption(options, 'cpuset-mems'),
    },
    pids: { limit: number('pids-limit') },
    blockIO: { weight: number('blkio-weight') },
  }
  // Through JSON: what is undefined is absent then.
  return validateResources(JSON.parse(JSON.stringify(resources)))
}

function wholeNumber(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined
  if (!/^-?\d{1,15}$/.test(value)) throw new StackError('invalid-argument', `invalid value for ${name}: ${value}`)
  return Number(value)
}

const units = 'bkmgtp'

/** Bytes, or with a unit: `64m`, `1.5g`, `2GiB`. Throws `invalid-argument`. */
function byteSize(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined
  if (value === '-1') return -1
  const match = /^(\d{1,15}(?:\.\d{1,9})?) ?([kmgtp]?)i?b?$/i.exec(value)
  const bytes = Math.trunc(Number(match?.[1]) * 1024 ** units.indexOf(match?.[2]?.toLowerCase() || 'b'))
  if (match === null || !Number.isSafeInteger(bytes)) {
    throw new StackError('invalid-argument', `invalid value for ${name}: invalid size: '${value}'`)
  }
  return bytes
}

function refuseResctrl(options: OptionValues): void {
  for (const [option, what] of [
    ['l3-cache-schema', 'CAT: l3 cache schema'],
    ['mem-bw-schema', 'MBA: memory bandwidth schema'],
  ] as const) {
    if (textOption(options, option) !== undefined) {
      throw new StackError('not-implemented', `Intel RDT/${what} is not enabled`)
    }
  }
}
