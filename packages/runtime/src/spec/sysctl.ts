// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import type { Spec } from '@teu/oci-spec/runtime'
import { isShared } from './namespaces.ts'

const ipcKeys: ReadonlySet<string> = new Set([
  'kernel.msgmax',
  'kernel.msgmnb',
  'kernel.msgmni',
  'kernel.sem',
  'kernel.shmall',
  'kernel.shmmax',
  'kernel.shmmni',
  'kernel.shm_rmid_forced',
])

/**
 * The file of a parameter below `/proc`. Both spellings of sysctl(8) are read: with dots, and with slashes when the
 * first separator is one (dots are then part of a name, as in `net/ipv4/conf/eth0.1/forwarding`).
 *
 * @internal
 */
export function sysctlFile(key: string): string {
  const separator = /[./]/.exec(key)?.[0]
  const parts = separator === '/' ? key.split('/') : key.split('.').map((part) => part.replaceAll('/', '.'))
  if (parts.some((part) => part === '' || part === '.' || part === '..')) {
    throw new StackError('invalid-argument', `sysctl ${JSON.stringify(key)} is not a parameter's name`)
  }
  return `sys/${parts.join('/')}`
}

/**
 * Throws `invalid-argument` unless every parameter belongs to a namespace of the container's own: anything else would
 * change the host.
 *
 * @internal
 */
export function checkSysctls(spec: Spec): void {
  for (const key of Object.keys(spec.linux?.sysctl ?? {})) {
    const name = sysctlFile(key).slice('sys/'.length).replaceAll('/', '.')
    if (ipcKeys.has(name) || name.startsWith('fs.mqueue.')) requirePrivate(spec, 'ipc', key)
    else if (name.startsWith('net.')) requireNetwork(spec, key)
    else if (name === 'kernel.domainname') requireUts(spec, key, spec.domainname)
    else if (name === 'kernel.hostname') throw conflict(key, 'hostname')
    else throw notSeparate(key)
  }
}

function requirePrivate(spec: Spec, type: 'ipc' | 'uts', key: string): void {
  if (isShared(spec, type)) throw notSeparate(key, type)
}

function requireNetwork(spec: Spec, key: string): void {
  if (!isShared(spec, 'network')) return
  throw new StackError('invalid-argument', `sysctl ${JSON.stringify(key)} not allowed in host network namespace`)
}

function requireUts(spec: Spec, key: string, field: string | undefined): void {
  requirePrivate(spec, 'uts', key)
  if (field !== undefined && field !== '') throw conflict(key, 'domainname')
}

function notSeparate(key: string, type?: string): StackError {
  if (type === 'ipc') {
    return new StackError('invalid-argument', `sysctl ${JSON.stringify(key)} is not allowed in the hosts ipc namespace`)
  }
  return new StackError('invalid-argument', `sysctl ${JSON.stringify(key)} is not in a separate kernel namespace`)
}

function conflict(key: string, field: string): StackError {
  const message = `sysctl ${JSON.stringify(key)} is not allowed as it conflicts with the OCI ${JSON.stringify(field)} field`
  return new StackError('invalid-argument', message)
}
