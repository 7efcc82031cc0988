// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs'

/** One line of `/proc/<pid>/mountinfo` (proc_pid_mountinfo(5)). @public */
export interface MountInfo {
  id: number
  parentId: number
  /** `major:minor` of the file system. */
  device: string
  /** What part of the file system is mounted: its root for a whole one. */
  root: string
  mountPoint: string
  /** Options of this mount: `rw`, `nosuid`, ... */
  options: string[]
  /** Propagation: `shared:N`, `master:N`, `propagate_from:N`, `unbindable`. */
  optionalFields: string[]
  type: string
  source: string
  /** Options of the file system. */
  superOptions: string[]
}

/** Parses the text of a mountinfo file. Lines that are not whole are left out. @public */
export function parseMountinfo(text: string): MountInfo[] {
  const mounts: MountInfo[] = []
  for (const line of text.split('\n')) {
    const fields = line.split(' ')
    const separator = fields.indexOf('-', 6)
    if (separator < 0 || fields.length < separator + 3) continue
    mounts.push({
      id: Number(fields[0]),
      parentId: Number(fields[1]),
      device: fields[2] as string,
      root: unescapeMountField(fields[3] as string),
      mountPoint: unescapeMountField(fields[4] as string),
      options: (fields[5] as string).split(','),
      optionalFields: fields.slice(6, separator),
      type: fields[separator + 1] as string,
      source: unescapeMountField(fields[separator + 2] as string),
      superOptions: (fields[separator + 3] ?? '').split(','),
    })
  }
  return mounts
}

/** The mounts that a process sees; default this one. Throws `ENOENT` when there is no such process. @public */
export function readMountinfo(pid: number | 'self' = 'self'): MountInfo[] {
  return parseMountinfo(readFileSync(`/proc/${pid}/mountinfo`, 'utf8'))
}

/** The mount that holds an absolute, resolved path: the last one on top of the longest matching mount point. @public */
export function mountOf(path: string, mounts: readonly MountInfo[]): MountInfo | undefined {
  let best: MountInfo | undefined
  for (const mount of mounts) {
    const inside = mount.mountPoint === '/' || path === mount.mountPoint || path.startsWith(`${mount.mountPoint}/`)
    if (inside && (best === undefined || mount.mountPoint.length >= best.mountPoint.length)) best = mount
  }
  return best
}

/** Whether something is mounted exactly at an absolute, resolved path. @public */
export function isMountPoint(path: string, mounts: readonly MountInfo[] = readMountinfo()): boolean {
  return mounts.some(({ mountPoint }) => mountPoint === path)
}

// Space, tab, line end and backslash appear as three octal digits.
function unescapeMountField(field: string): string {
  if (!field.includes('\\')) return field
  const bytes = field.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
  return bytes
}
