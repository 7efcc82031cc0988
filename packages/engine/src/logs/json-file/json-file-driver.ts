// SPDX-License-Identifier: Apache-2.0
import path from 'node:path'
import { compilePattern } from '@teu/containerd-api'
import { StackError } from '@teu/errors'
import type { LogDriver, LogInit } from '../log-driver.ts'
import { JsonFileLog } from './json-file-log.ts'
import type { SegmentLimits } from './segments.ts'

/** Output is bounded unless told otherwise: five files of 20 MB. `max-size=-1` takes the bound away. */
const defaultLimits: SegmentLimits = { maximumSize: 20_000_000, maximumFiles: 5 }

const knownOptions = ['max-size', 'max-file', 'compress', 'labels', 'labels-regex', 'env', 'env-regex', 'tag']

const units: Readonly<Record<string, number>> = { '': 1, b: 1, k: 1000, m: 1000 ** 2, g: 1000 ** 3 }

/**
 * One JSON object a line in `<id>-json.log`, with options `max-size`, `max-file`, `labels`, `labels-regex`,
 * `env`, `env-regex`, `tag`.
 */
export const jsonFileDriver: LogDriver = {
  name: 'json-file',
  validate(options) {
    const unknown = Object.keys(options).find((name) => !knownOptions.includes(name))
    if (unknown !== undefined) {
      throw new StackError('invalid-argument', `unknown log opt '${unknown}' for json-file log driver`)
    }
    if (options.compress === 'true') {
      throw new StackError('invalid-argument', "log opt 'compress' is not supported by this engine")
    }
    limitsOf(options)
    for (const name of ['labels-regex', 'env-regex']) namesLike(options[name], [])
  },
  open: (init) => {
    const file = path.join(init.directory, `${init.containerId}-json.log`)
    return new JsonFileLog(file, limitsOf(init.options), attributesOf(init))
  },
}

function limitsOf(options: Readonly<Record<string, string>>): SegmentLimits {
  return {
    maximumSize: options['max-size'] === undefined ? defaultLimits.maximumSize : parseSize(options['max-size']),
    maximumFiles: options['max-file'] === undefined ? defaultLimits.maximumFiles : parseCount(options['max-file']),
  }
}

function parseSize(text: string): number {
  if (text === '-1') return 0
  const match = /^(\d{1,15}(?:\.\d{1,6})?) ?([kmg]?)b?$/i.exec(text)
  const size = match ? Number(match[1]) * (units[(match[2] ?? '').toLowerCase()] as number) : 0
  if (size < 1) throw new StackError('invalid-argument', `invalid value for max-size: ${JSON.stringify(text)}`)
  return Math.floor(size)
}

function parseCount(text: string): number {
  const count = /^\d{1,6}$/.test(text) ? Number(text) : 0
  if (count < 1) throw new StackError('invalid-argument', 'max-file cannot be less than 1')
  return count
}

/** What the options ask to be added to each record: labels and variables by name, and the tag. */
function attributesOf({ options, labels, env, containerId }: LogInit): Record<string, string> {
  const variables = Object.fromEntries(env.map((entry) => [entry.split('=', 1)[0] as string, entry]))
  const attributes: Record<string, string> = {}
  const labelNames = [...namesIn(options.labels), ...namesLike(options['labels-regex'], Object.keys(labels))]
  for (const name of labelNames) if (Object.hasOwn(labels, name)) attributes[name] = labels[name] as string
  for (const name of [...namesIn(options.env), ...namesLike(options['env-regex'], Object.keys(variables))]) {
    const entry = variables[name]
    if (entry?.includes('=')) attributes[name] = entry.slice(name.length + 1)
  }
  if (options.tag) attributes.tag = options.tag.replaceAll('{{.ID}}', containerId.slice(0, 12))
  return attributes
}

function namesIn(list: string | undefined): string[] {
  return (list ?? '').split(',').filter(Boolean)
}

/** The names in which a pattern in the syntax of Go has a match. @throws `invalid-argument` for what is no pattern */
function namesLike(pattern: string | undefined, names: readonly string[]): string[] {
  if (!pattern) return []
  return names.filter(compilePattern(pattern))
}
