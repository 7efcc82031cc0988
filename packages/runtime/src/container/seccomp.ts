// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import { formatExactJson, type LinuxSeccomp, type State } from '@teu/oci-spec/runtime'
import type { CompiledSeccomp } from '../program/process.ts'
import { slots } from '../program/program.ts'
import type { SeccompFilter } from '../seccomp/compile.ts'

const newListenerFlag = 8

/**
 * Compiles a filter for this machine. With a `listenerPath` init sends the notification descriptor to that socket,
 * with the state and the metadata as JSON. The compiler is loaded only when there is something to compile.
 *
 * @internal
 */
export async function compileFilter(
  seccomp: LinuxSeccomp | undefined,
  state: State,
): Promise<CompiledSeccomp | undefined> {
  if (seccomp === undefined) return undefined
  const { filter, flags } = await compiled(seccomp)
  // Without an action that notifies there is nothing to listen to, wherever the path leads.
  if ((flags & newListenerFlag) === 0) return { filter, flags }
  if (!seccomp.listenerPath)
    throw new StackError('invalid-argument', 'unable to start container process: listenerPath is not set')
  return { filter, flags, listener: listenerMessage(seccomp, state) }
}

// Nearly all containers of a machine have the same profile, and each exec compiles it again.
const recent = new Map<string, SeccompFilter>()
const recentLimit = 8

/** The filter of a profile, compiled or as it was compiled before; nothing but the profile decides what it is. */
async function compiled(seccomp: LinuxSeccomp): Promise<SeccompFilter> {
  const key = formatExactJson(seccomp)
  let result = recent.get(key)
  if (result === undefined) {
    const { compileSeccomp } = await import('../seccomp/compile.ts')
    result = compileSeccomp(seccomp, process.arch)
  }
  recent.delete(key)
  recent.set(key, result)
  for (const oldest of recent.keys()) {
    if (recent.size <= recentLimit) break
    recent.delete(oldest)
  }
  return result
}

/**
 * The ContainerProcessState around the process's pid, which init fills in; while the container is being created it is
 * the pid of the container as well.
 */
function listenerMessage(seccomp: LinuxSeccomp, state: State): NonNullable<CompiledSeccomp['listener']> {
  const { ociVersion, id, status, pid, bundle, annotations } = state
  const metadata = seccomp.listenerMetadata === undefined ? {} : { metadata: seccomp.listenerMetadata }
  const head = unclosed({ ociVersion, fds: ['seccompFd'], ...metadata })
  const container = unclosed({ ociVersion, id, status })
  const rest = JSON.stringify({ bundle, ...(annotations && { annotations }) }).slice(1)
  return {
    prefix: `${head},"pid":`,
    ...(status === 'creating'
      ? { middle: `,"state":${container},"pid":`, suffix: `,${rest}}` }
      : { middle: '', suffix: `,"state":${container},"pid":${pid},${rest}}` }),
    slot: slots.seccomp,
  }
}

/** An object whose end is missing, so that more can follow. */
function unclosed(value: object): string {
  return JSON.stringify(value).slice(0, -1)
}
