// SPDX-License-Identifier: Apache-2.0
import { basename, join } from 'node:path'
import { StackError } from '@teu/errors'
import { ExecOciRuntime } from './exec-runtime.ts'
import { LibraryOciRuntime } from './library-runtime.ts'
import type { OciRuntime } from './oci-runtime.ts'
import type { RuntimeLibrary } from './runtime-library.ts'
import { tracedRuntime } from './traced-runtime.ts'

/** Which runtime a container has; kept in the bundle, so that a later shim uses the same one. @internal */
export interface RuntimeChoice {
  /** As in the options: empty, a name in PATH or a path. */
  readonly binaryName: string
  /** As in the options: the state directory without the namespace; empty for the default. */
  readonly root: string
  readonly systemdCgroup: boolean
  readonly noPivot: boolean
  readonly noNewKeyring: boolean
}

/** Whether a library says that it can have systemd manage cgroups. */
function knowsSystemd(library: RuntimeLibrary): boolean {
  const features = library.runtimeFeatures?.() as { linux?: { cgroup?: { systemd?: boolean } } } | undefined
  return features?.linux?.cgroup?.systemd === true
}

/** What a runtime is chosen in. @internal */
export interface RuntimeSurroundings {
  readonly namespace: string
  readonly path: string
  /** Gives the library, when there is one. */
  readonly library: () => Promise<RuntimeLibrary | undefined>
}

/**
 * Our own runtime as a library when nothing else is asked for and it is there; else the program that the options name,
 * and runc when they name none.
 *
 * @internal
 */
export async function chooseRuntime(
  choice: RuntimeChoice,
  bundle: string,
  surroundings: RuntimeSurroundings,
): Promise<OciRuntime> {
  const { binaryName, root, noPivot, noNewKeyring, systemdCgroup } = choice
  const { namespace, path } = surroundings
  if (binaryName === '' || basename(binaryName) === 'teu-runtime') {
    const library = await surroundings.library()
    if (library !== undefined) {
      if (systemdCgroup && !knowsSystemd(library)) {
        throw new StackError('not-implemented', 'systemd cgroup manager is not supported, use cgroupfs')
      }
      const init = { root: join(root || '/run/teu-runtime', namespace), ...(systemdCgroup && { systemdCgroup }) }
      return tracedRuntime(new LibraryOciRuntime(library.createRuntime(init), { noPivot, noNewKeyring }))
    }
  }
  const binary = binaryName || 'runc'
  const folder = join(root || '/run/containerd/runc', namespace)
  return tracedRuntime(new ExecOciRuntime({ binary, root: folder, bundle, systemdCgroup, noPivot, noNewKeyring, path }))
}
