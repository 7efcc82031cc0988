// SPDX-License-Identifier: Apache-2.0
import { existsSync, lstatSync, mkdirSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Mount } from '@teu/oci-spec/runtime'

/** Where programs and libraries are; on a system with a merged /usr all but the first are links. */
const programs = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64']
/** What a loader, TLS and the alternatives system read. */
const settings = ['/etc/alternatives', '/etc/ld.so.cache', '/etc/ssl', '/etc/ca-certificates', '/etc/pki']

/** A mount that shows something of the host. @internal */
export function showMount(source: string, destination: string, writable: boolean): Mount {
  return {
    type: 'bind',
    source,
    destination,
    options: ['rbind', 'rprivate', 'nosuid', 'nodev', ...(writable ? [] : ['ro', 'rro'])],
  }
}

/** Makes a root in an empty directory that shows the host's programs, and returns the mounts that do so. @internal */
export function makeHostRoot(root: string, uid: number, gid: number): Mount[] {
  for (const folder of ['dev', 'etc', 'proc', 'tmp']) mkdirSync(join(root, folder))
  writeFileSync(join(root, 'etc/passwd'), `sandbox:x:${uid}:${gid}::/tmp:/bin/sh\n`)
  writeFileSync(join(root, 'etc/group'), `sandbox:x:${gid}:\n`)
  const mounts: Mount[] = []
  for (const path of [...programs, ...settings]) {
    if (!existsSync(path)) continue
    if (programs.includes(path) && lstatSync(path).isSymbolicLink()) symlinkSync(readlinkSync(path), join(root, path))
    else {
      makeMountPoint(root, path)
      mounts.push(showMount(path, path, false))
    }
  }
  return mounts
}

/** Before the root is read-only for the sandbox, and as who owns it. */
function makeMountPoint(root: string, path: string): void {
  const place = join(root, path)
  mkdirSync(dirname(place), { recursive: true })
  if (lstatSync(path).isDirectory()) mkdirSync(place)
  else writeFileSync(place, '')
}
