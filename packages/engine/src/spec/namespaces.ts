// SPDX-License-Identifier: Apache-2.0

import type { HostConfig } from '@teu/engine-api'
import { StackError } from '@teu/errors'
import type { LinuxNamespace, LinuxNamespaceType } from '@teu/oci-spec/runtime'
import type { NamespaceSource, SpecInput } from './build-spec.ts'

const fresh: NamespaceSource = { kind: 'new' }
const hostOwn: NamespaceSource = { kind: 'host' }

/** `container:<id>` needs a path that only the caller can know: the other container's process. */
function sourceOf(mode: string | undefined, given: NamespaceSource | undefined, what: string): NamespaceSource {
  if (given) return given
  if (mode === 'host') return hostOwn
  if (mode?.startsWith('container:')) {
    throw new StackError(
      'failed-precondition',
      `cannot join the ${what} namespace of ${mode.slice(10)}: no process given`,
    )
  }
  return fresh
}

function cgroupSource(hostConfig: HostConfig, cgroupVersion: 1 | 2): NamespaceSource {
  const mode = hostConfig.CgroupnsMode || (cgroupVersion === 2 ? 'private' : 'host')
  return mode === 'private' ? fresh : hostOwn
}

/** Where each namespace of a container comes from. */
export type NamespaceSources = Record<Exclude<LinuxNamespaceType, 'user' | 'time'>, NamespaceSource>

/** Reads the namespace modes of `HostConfig`; the mount namespace is always new. */
export function namespaceSources(input: SpecInput): NamespaceSources {
  const { hostConfig } = input
  return {
    mount: fresh,
    network: input.network,
    uts: hostConfig.UTSMode === 'host' ? hostOwn : fresh,
    pid: sourceOf(hostConfig.PidMode, input.pid, 'pid'),
    ipc: sourceOf(hostConfig.IpcMode, input.ipc, 'ipc'),
    cgroup: cgroupSource(hostConfig, input.host.cgroupVersion),
  }
}

/** The namespaces of the spec; one that is the host's is not listed. */
export function specNamespaces(sources: NamespaceSources): LinuxNamespace[] {
  return (Object.entries(sources) as [LinuxNamespaceType, NamespaceSource][])
    .filter(([, source]) => source.kind !== 'host')
    .map(([type, source]) => (source.kind === 'path' ? { type, path: source.path } : { type }))
}
