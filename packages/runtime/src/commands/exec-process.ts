// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises'
import { StackError } from '@teu/errors'
import { type Process, parseExactJson, type User, validateProcess } from '@teu/oci-spec/runtime'
import type { OptionValues } from './command.ts'
import { listOption, textOption, UsageError } from './parse.ts'

const maximumId = 2 ** 31 - 1

/** A `process.json`, which is the whole process: without `env` it has none. Throws `invalid-argument` naming the property that is wrong. @internal */
export async function readProcess(file: string): Promise<Process> {
  const text = await readFile(file, 'utf8')
  try {
    return { env: [], ...validateProcess(parseExactJson(text)) }
  } catch (error) {
    throw new StackError('invalid-argument', `${file}: ${(error as Error).message}`, { cause: error })
  }
}

/** The container's own process with what the command line changes. @internal */
export function processFromOptions(own: Process, args: readonly string[], options: OptionValues): Process {
  const cwd = textOption(options, 'cwd')
  const apparmorProfile = textOption(options, 'apparmor')
  const selinuxLabel = textOption(options, 'process-label')
  const { consoleSize: _, ...rest } = own
  return {
    ...rest,
    args: [...args],
    terminal: options.tty === true,
    env: [...(own.env ?? []), ...listOption(options, 'env')],
    user: userFromOptions(own.user, options),
    ...(cwd !== undefined && { cwd }),
    ...(apparmorProfile !== undefined && { apparmorProfile }),
    ...(selinuxLabel !== undefined && { selinuxLabel }),
    ...(options['no-new-privs'] !== undefined && { noNewPrivileges: options['no-new-privs'] === true }),
    ...capabilitiesFromOptions(own, listOption(options, 'cap')),
  }
}

function userFromOptions(own: User, options: OptionValues): User {
  const user = textOption(options, 'user')
  const groups = listOption(options, 'additional-gids').map((text) => parseId(text, 'additional-gids'))
  const additionalGids = [...(own.additionalGids ?? []), ...groups]
  const base: User = additionalGids.length === 0 ? own : { ...own, additionalGids }
  if (user === undefined) return base
  const [uid = '', gid, ...more] = user.split(':')
  if (more.length > 0) throw new UsageError(`invalid value ${JSON.stringify(user)} for flag -user`)
  return { ...base, uid: parseId(uid, 'user'), ...(gid !== undefined && { gid: parseId(gid, 'user') }) }
}

/** Only digits are a number, and only in the range of ids: nothing else may end up as user 0. */
function parseId(text: string, option: string): number {
  if (!/^\d{1,10}$/.test(text) || Number(text) > maximumId) {
    throw new StackError('invalid-argument', `parsing ${JSON.stringify(text)} of ${option} as a number failed`)
  }
  return Number(text)
}

// Never inheritable: a file with inheritable capabilities would then raise a process that is not root.
function capabilitiesFromOptions(own: Process, added: readonly string[]): Pick<Process, 'capabilities'> {
  if (added.length === 0) return {}
  const { bounding = [], effective = [], permitted = [], ambient = [], inheritable = [] } = own.capabilities ?? {}
  return {
    capabilities: {
      bounding: [...bounding, ...added],
      effective: [...effective, ...added],
      permitted: [...permitted, ...added],
      ambient,
      inheritable,
    },
  }
}

/** Sub-cgroups as `[controller[,controller...]:]path`, by controller; `''` stands for all and is then alone. @internal */
export function cgroupFromOptions(options: OptionValues): Record<string, string> | undefined {
  const chosen: Record<string, string> = {}
  const texts = listOption(options, 'cgroup')
  for (const text of texts) {
    const parts = text.split(':')
    const path = parts.at(-1) as string
    if (parts.length > 2) throw new StackError('invalid-argument', `invalid --cgroup argument: ${text}`)
    if (parts.length === 1 && texts.length > 1) {
      throw new StackError('invalid-argument', `invalid --cgroup argument: ${text} (missing <controller>: prefix)`)
    }
    if (path.split('/').includes('..')) {
      throw new StackError('invalid-argument', `${path} is not a sub cgroup path`)
    }
    for (const controller of parts.length === 1 ? [''] : (parts[0] as string).split(',')) chosen[controller] = path
  }
  return Object.keys(chosen).length === 0 ? undefined : chosen
}
