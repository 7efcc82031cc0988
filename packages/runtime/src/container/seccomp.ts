// SPDX-License-Identifier: Apache-2.0
import type { LinuxSeccomp, State } from '@teu/oci-spec/runtime'
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
  if (!seccomp.listenerPath) return { filter, flags }
  return { filter, flags: flags | newListenerFlag, listener: listenerMessage(seccomp, state) }
}

// Nearly all containers of a machine have the same profile, and each exec compiles it again.
const recent = new Map<string, SeccompFilter>()
const recentLimit = 8

/** The filter of a profile, compiled or as it was compiled before; nothing but the profile decides what it is. */
async function compiled(seccomp: LinuxSeccomp): Promise<SeccompFilter> {
  const key = JSON.stringify(seccomp)
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

/** The ContainerProcessState around the process's pid, which init fills in. */
function listenerMessage(seccomp: LinuxSeccomp, state: State): { prefix: string; suffix: string; slot: number } {
  const outer = JSON.stringify({
    ociVersion: state.ociVersion,
    fds: ['seccompFd'],
    metadata: seccomp.listenerMetadata ?? '',
    state,
  })
  return { prefix: `${outer.slice(0, -1)},"pid":`, suffix: '}', slot: slots.seccomp }
}
