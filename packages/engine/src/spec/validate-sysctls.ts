// SPDX-License-Identifier: Apache-2.0

import type { HostConfig } from '@teu/engine-api'
import { StackError } from '@teu/errors'

const ofIpc: readonly string[] = [
  'kernel.msgmax',
  'kernel.msgmnb',
  'kernel.msgmni',
  'kernel.sem',
  'kernel.shmall',
  'kernel.shmmax',
  'kernel.shmmni',
  'kernel.shm_rmid_forced',
]

/** Dotted, or with slashes where a part has a dot in it, as an interface's name. */
const keyPattern = /^[a-z0-9_-]+([./][a-zA-Z0-9_:@.-]+)+$/

function refuse(text: string): never {
  throw new StackError('invalid-argument', text)
}

function checkNamespace(key: string, hostConfig: HostConfig): void {
  const dotted = key.replaceAll('/', '.')
  if (dotted.startsWith('net.')) {
    if (hostConfig.NetworkMode === 'host') refuse(`sysctl "${key}" not allowed in host network namespace`)
  } else if (ofIpc.includes(dotted) || dotted.startsWith('fs.mqueue.')) {
    if (hostConfig.IpcMode === 'host') refuse(`sysctl "${key}" is not allowed in the hosts ipc namespace`)
  } else if (dotted === 'kernel.domainname') {
    if (hostConfig.UTSMode === 'host') refuse(`sysctl "${key}" is not allowed in the hosts uts namespace`)
  } else refuse(`sysctl "${key}" is not in a separate kernel namespace`)
}

/**
 * Checks that every sysctl belongs to a namespace of the container's own and that its key is nothing but a key:
 * whatever else would be set on the host. `invalid-argument` names the key.
 */
export function validateSysctls(hostConfig: HostConfig): void {
  for (const [key, value] of Object.entries(hostConfig.Sysctls ?? {})) {
    const parts = key.split(/[./]/)
    if (!keyPattern.test(key) || parts.some((part) => part === '')) refuse(`sysctl "${key}" is not a valid key`)
    if (value.includes('\0') || value.includes('\n')) refuse(`sysctl "${key}" has an invalid value`)
    checkNamespace(key, hostConfig)
  }
}
