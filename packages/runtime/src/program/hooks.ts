// SPDX-License-Identifier: Apache-2.0
import { protocolConstants } from '@teu/linux'
import type { Hook, State } from '@teu/oci-spec/runtime'
import type { Step } from './program.ts'

// Stands where init puts its own idea of its pid, which only it knows.
const pidPlaceholder = 2147483647

/** The state as JSON around the pid. @internal */
export function splitState(state: State): { statePrefix: string; stateSuffix: string } {
  const text = JSON.stringify({ ...state, pid: pidPlaceholder })
  const at = text.lastIndexOf(`"pid":${pidPlaceholder}`) + '"pid":'.length
  return { statePrefix: text.slice(0, at), stateSuffix: text.slice(at + String(pidPlaceholder).length) }
}

/** Where the hooks of one kind run. @internal */
export interface HookPlace {
  state: State
  /** The environment of a hook that names none: that of the container's program. */
  environment: readonly string[]
  /** Before the root is the root, hooks start in its directory; later where the program will. */
  inRoot: boolean
}

/** Steps that run `hooks` in the container's namespaces. @internal */
export function hookSteps(hooks: readonly Hook[] | undefined, { state, environment, inRoot }: HookPlace): Step[] {
  return (hooks ?? []).map((hook) => ({
    kind: 'hook',
    path: hook.path,
    args: hook.args?.length ? hook.args : [hook.path],
    env: hook.env ?? [...environment],
    options: (inRoot ? protocolConstants.hookInRoot : 0) | (hook.env ? 0 : protocolConstants.hookInherits),
    timeoutMilliseconds: (hook.timeout ?? 0) * 1000,
    ...splitState(state),
  }))
}
