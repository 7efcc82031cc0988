// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import type { LinuxPersonality } from '@teu/oci-spec/runtime'
import type { Step } from './program.ts'

const domains = { LINUX: 0, LINUX32: 8 } as const

/** personality(2). The specification has a place for flags and defines none, so that each is refused. @internal */
export function personalityStep({ domain, flags = [] }: LinuxPersonality): Step {
  if (flags.length > 0) {
    throw new StackError('invalid-argument', `linux.personality.flags: unknown value ${JSON.stringify(flags[0])}`)
  }
  return { kind: 'personality', domain: domains[domain] }
}
