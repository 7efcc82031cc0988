// SPDX-License-Identifier: Apache-2.0
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { StackError } from '@teu/errors'
import { detectCgroups } from '@teu/linux'
import type { Spec } from '@teu/oci-spec/runtime'
import { defaultSpec } from '../spec/default-spec.ts'
import type { Command } from './command.ts'
import { textOption } from './parse.ts'

function withoutCgroupNamespace({ linux }: Spec): void {
  if (linux?.namespaces) linux.namespaces = linux.namespaces.filter(({ type }) => type !== 'cgroup')
}

/** `spec`. @internal */
export const command: Command = {
  name: 'spec',
  summary: 'write a config.json to start from',
  usage: '[command options]',
  arguments: { from: 0, to: 0 },
  options: {
    bundle: { type: 'string', short: 'b', help: 'root of the bundle, default the current directory' },
    rootless: { type: 'boolean', help: 'write one for an unprivileged user' },
  },
  async run({ options }) {
    const rootless = options.rootless === true
    const spec = defaultSpec(rootless ? { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 } : undefined)
    // As the originals: with hierarchies of its own a container would see more of them than without a namespace.
    if (detectCgroups().mode !== 'v2') withoutCgroupNamespace(spec)
    const path = join(textOption(options, 'bundle') ?? '.', 'config.json')
    try {
      await writeFile(path, `${JSON.stringify(spec, undefined, '\t')}\n`, { flag: 'wx', mode: 0o666 })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      throw new StackError('already-exists', 'File config.json exists. Remove it first', { cause: error })
    }
    return 0
  },
}
