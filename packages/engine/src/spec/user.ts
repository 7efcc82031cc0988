// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import { type GroupEntry, maximumId, type PasswdEntry, parseGroup, parseId, parsePasswd } from './passwd.ts'
import type { Rootfs } from './rootfs.ts'

/** A user as the kernel wants it. */
export interface ResolvedUser {
  uid: number
  gid: number
  /** Supplementary groups, the primary one first. */
  additionalGids: number[]
  /** The home directory, `/` when the root filesystem names none. */
  home: string
}

/** The most that is read of /etc/passwd and /etc/group. */
const maximumFileSize = 10 * 1024 * 1024

function checked(id: number): number {
  if (id > maximumId) throw new StackError('invalid-argument', `uids and gids must be in range 0-${maximumId}`)
  return id
}

/** Names that another parser might take for a number are never looked up: an image could map them to root. */
function checkName(kind: string, name: string): void {
  if (/^[-+]|^0x|\s/i.test(name)) {
    throw new StackError('invalid-argument', `unable to find ${kind} ${name}: not a valid name or id`)
  }
}

interface UserPart {
  entry: PasswdEntry | undefined
  uid: number
}

function findUser(users: readonly PasswdEntry[], text: string): UserPart {
  const number = text === '' ? 0 : parseId(text)
  if (number !== undefined) {
    const uid = checked(number)
    return { uid, entry: users.find((user) => user.uid === uid) }
  }
  checkName('user', text)
  const entry = users.find((user) => user.name === text)
  if (!entry) {
    throw new StackError('invalid-argument', `unable to find user ${text}: no matching entries in passwd file`)
  }
  return { uid: entry.uid, entry }
}

function findGroup(groups: readonly GroupEntry[], text: string): number {
  const number = parseId(text)
  if (number !== undefined) return checked(number)
  checkName('group', text)
  const entry = groups.find((group) => group.name === text)
  if (!entry) {
    throw new StackError('invalid-argument', `unable to find group ${text}: no matching entries in group file`)
  }
  return entry.gid
}

/**
 * Looks up `user` (`name`, `uid`, `name:group`, `uid:gid`, or empty for root) and the groups to add in the text of a
 * passwd and a group file. Digits are an id and never a name. Without a group of its own the user gets its primary
 * group and all that list it as a member. `invalid-argument` for names that are not there and ids out of range.
 */
export function lookUpUser(
  files: { passwd: string; group: string },
  user: string,
  groupAdd: readonly string[] = [],
): ResolvedUser {
  const [userText = '', groupText = ''] = user.split(':')
  const groups = parseGroup(files.group)
  const { uid, entry } = findUser(parsePasswd(files.passwd), userText)
  const gid = groupText === '' ? (entry?.gid ?? 0) : findGroup(groups, groupText)
  const memberships = groups.filter(({ members }) => groupText === '' && entry && members.includes(entry.name))
  const added = groupAdd.map((group) => findGroup(groups, group))
  return {
    uid,
    gid,
    additionalGids: [...new Set([gid, ...memberships.map((group) => group.gid), ...added])],
    home: entry?.home || '/',
  }
}

async function readText(rootfs: Rootfs, path: string): Promise<string> {
  const bytes = await rootfs.readFile(path, maximumFileSize)
  return bytes ? Buffer.from(bytes).toString('utf8') : ''
}

/** {@link lookUpUser} in a container's own /etc/passwd and /etc/group; a missing file is an empty one. */
export async function resolveUser(
  rootfs: Rootfs,
  user: string,
  groupAdd: readonly string[] = [],
): Promise<ResolvedUser> {
  const [passwd, group] = await Promise.all([readText(rootfs, '/etc/passwd'), readText(rootfs, '/etc/group')])
  return lookUpUser({ passwd, group }, user, groupAdd)
}
