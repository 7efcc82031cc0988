// SPDX-License-Identifier: Apache-2.0
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { mountAt, umountFlags, unmountAll } from '@teu/linux'
import type { EngineSettings } from '../settings.ts'
import { defaultShmSize } from '../spec/mounts.ts'
import type { Container } from './container.ts'
import { containerDirectory } from './paths.ts'

/** Where the memory is that a container shares with others as their /dev/shm. */
export function sharedMemoryPath(settings: Pick<EngineSettings, 'dataRoot'>, id: string): string {
  return path.join(containerDirectory(settings, id), 'shm')
}

/** Mounts the memory that a container shares, if it shares any; what another run left there is gone. */
export function mountSharedMemory(settings: Pick<EngineSettings, 'dataRoot'>, { id, record }: Container): void {
  const { IpcMode, ShmSize } = record.hostConfig
  if (IpcMode !== 'shareable') return
  const target = sharedMemoryPath(settings, id)
  unmountSharedMemory(settings, id)
  mkdirSync(target, { recursive: true, mode: 0o700 })
  const options = ['nosuid', 'nodev', 'noexec', 'mode=1777', `size=${ShmSize || defaultShmSize}`]
  mountAt({ type: 'tmpfs', source: 'shm', options }, target)
}

/** Unmounts a container's shared memory; containers that joined it keep theirs. None is no error. */
export function unmountSharedMemory(settings: Pick<EngineSettings, 'dataRoot'>, id: string): void {
  const target = sharedMemoryPath(settings, id)
  unmountAll(target, umountFlags.detach)
}
