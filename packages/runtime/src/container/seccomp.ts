// SPDX-License-Identifier: Apache-2.0
import type { LinuxSeccomp, State } from '@teu/oci-spec/runtime'
import type { CompiledSeccomp } from '../program/process.ts'
import { slots } from '../program/program.ts'

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
  const { compileSeccomp } = await import('../seccomp/compile.ts')
  const { filter, flags } = compileSeccomp(seccomp, process.arch)
  if (!seccomp.listenerPath) return { filter, flags }
  return { filter, flags: flags | newListenerFlag, listener: listenerMessage(seccomp, state) }
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
