// SPDX-License-Identifier: Apache-2.0
import { readFileSync, writeSync } from 'node:fs'
import { native, nativeFile } from './load.ts'

const memfd = { cloexec: 1, allowSealing: 2, exec: 0x10 } as const
const seals = { seal: 1, shrink: 2, grow: 4, write: 8 } as const

/** An executable that nobody can change, not even root through a container. @public */
export interface SealedExecutable {
  /** The memory file, close-on-exec. It stays open as long as the process lives. */
  readonly fd: number
  /** `/proc/<pid>/fd/<fd>`: what to pass to spawn while this process lives. */
  readonly path: string
}

/**
 * Copies a file into a memory file and seals it against every change (memfd_create(2), F_SEAL_*). A process run from
 * it cannot be overwritten through `/proc/<pid>/exe`. Throws the system error of the step that failed.
 *
 * @public
 */
export function sealedExecutable(path: string): SealedExecutable {
  const content = readFileSync(path)
  const fd = createMemfd(path.slice(path.lastIndexOf('/') + 1))
  for (let written = 0; written < content.length; ) written += writeSync(fd, content, written)
  native().addSeals(fd, seals.seal | seals.shrink | seals.grow | seals.write)
  return { fd, path: `/proc/${process.pid}/fd/${fd}` }
}

// MFD_EXEC is unknown before Linux 6.3, and needed where vm.memfd_noexec is set after it.
function createMemfd(name: string): number {
  const flags = memfd.cloexec | memfd.allowSealing
  try {
    return native().memfdCreate(name, flags | memfd.exec)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EINVAL') throw error
    return native().memfdCreate(name, flags)
  }
}

let teuInit: SealedExecutable | undefined

/**
 * The path of a sealed copy of `teu-init`, made once a process: `/proc/<pid>/fd/<n>`. Pass it to spawn as the
 * executable; it works for children of this process for as long as this process lives.
 *
 * @public
 */
export function sealedTeuInit(): string {
  teuInit ??= sealedExecutable(nativeFile('teu-init'))
  return teuInit.path
}
