// SPDX-License-Identifier: Apache-2.0

/** One line of /etc/passwd. */
export interface PasswdEntry {
  name: string
  uid: number
  gid: number
  home: string
}

/** One line of /etc/group. */
export interface GroupEntry {
  name: string
  gid: number
  members: string[]
}

/** The greatest user or group id that a container may have. */
export const maximumId = 2 ** 31 - 1

/**
 * Reads an id: decimal digits only. Undefined for anything else, so that `-1`, `+0`, `0x0` and ` 0` are no numbers;
 * what is a number but out of range comes back as it is, for the caller to refuse.
 */
export function parseId(text: string): number | undefined {
  return /^[0-9]+$/.test(text) ? Number(text) : undefined
}

function fields(content: string): string[][] {
  return content
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(':'))
}

const inRange = (id: number | undefined): id is number => id !== undefined && id <= maximumId

/** The entries of a passwd file, see passwd(5). A line whose ids are not numbers in range is skipped, never read as 0. */
export function parsePasswd(content: string): PasswdEntry[] {
  return fields(content).flatMap(([name = '', , uidText = '', gidText = '', , home = '']) => {
    const uid = parseId(uidText)
    const gid = parseId(gidText)
    return name !== '' && inRange(uid) && inRange(gid) ? [{ name, uid, gid, home }] : []
  })
}

/** The entries of a group file, see group(5). A line whose id is not a number in range is skipped. */
export function parseGroup(content: string): GroupEntry[] {
  return fields(content).flatMap(([name = '', , gidText = '', members = '']) => {
    const gid = parseId(gidText)
    return name !== '' && inRange(gid) ? [{ name, gid, members: members.split(',').filter(Boolean) }] : []
  })
}
