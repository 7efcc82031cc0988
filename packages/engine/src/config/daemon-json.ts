// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs'
import { StackError } from '@teu/errors'

/** What of `daemon.json` this engine knows. */
export interface DaemonConfig {
  'data-root'?: string
  'exec-root'?: string
  hosts?: string[]
  containerd?: string
  'containerd-namespace'?: string
  pidfile?: string
  bridge?: string
  bip?: string
  group?: string
  'cgroup-parent'?: string
  'default-runtime'?: string
  runtimes?: Record<string, { path?: string; runtimeType?: string }>
  'log-driver'?: string
  'log-opts'?: Record<string, string>
  'log-level'?: string
  'default-shm-size'?: number
  'insecure-registries'?: string[]
  'registry-mirrors'?: string[]
  labels?: string[]
  debug?: boolean
  'live-restore'?: boolean
}

type Check = (value: unknown) => boolean

const isText: Check = (value) => typeof value === 'string'
const isFlag: Check = (value) => typeof value === 'boolean'
const isNumber: Check = (value) => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
const isTextList: Check = (value) => Array.isArray(value) && value.every(isText)
const isObject: Check = (value) => typeof value === 'object' && value !== null && !Array.isArray(value)
const isTextMap: Check = (value) => isObject(value) && Object.values(value as object).every(isText)

const checks: { readonly [K in keyof DaemonConfig]-?: Check } = {
  'data-root': isText,
  'exec-root': isText,
  hosts: isTextList,
  containerd: isText,
  'containerd-namespace': isText,
  pidfile: isText,
  bridge: isText,
  bip: isText,
  group: isText,
  'cgroup-parent': isText,
  'default-runtime': isText,
  runtimes: (value) => isObject(value) && Object.values(value as object).every(isObject),
  'log-driver': isText,
  'log-opts': isTextMap,
  'log-level': isText,
  'default-shm-size': isNumber,
  'insecure-registries': isTextList,
  'registry-mirrors': isTextList,
  labels: isTextList,
  debug: isFlag,
  'live-restore': isFlag,
}

/**
 * Reads `daemon.json`. A missing file is an empty one unless `required`. `invalid-argument` for what is not JSON, a
 * value of the wrong type, or a key that does not exist, with the original's text.
 */
export function readDaemonConfig(file: string, required: boolean): DaemonConfig {
  let content: string
  try {
    content = readFileSync(file, 'utf8')
  } catch (error) {
    if (!required && (error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    const message = `unable to configure the engine with file ${file}: ${(error as Error).message}`
    throw new StackError('invalid-argument', message, { cause: error })
  }
  return parseDaemonConfig(content, file)
}

/** As {@link readDaemonConfig}, of text. */
export function parseDaemonConfig(content: string, file: string): DaemonConfig {
  if (content.trim() === '') return {}
  const fail = (reason: string) =>
    new StackError('invalid-argument', `unable to configure the engine with file ${file}: ${reason}`)
  let config: unknown
  try {
    config = JSON.parse(content)
  } catch (error) {
    throw fail((error as Error).message)
  }
  if (!isObject(config)) throw fail('the content is not a JSON object')
  const unknown = Object.keys(config as object).filter((key) => !Object.hasOwn(checks, key))
  if (unknown.length > 0) {
    throw fail(`the following directives don't match any configuration option: ${unknown.join(', ')}`)
  }
  for (const [key, value] of Object.entries(config as object)) {
    if (!checks[key as keyof DaemonConfig](value)) throw fail(`the value of ${key} has the wrong type`)
  }
  return config as DaemonConfig
}
