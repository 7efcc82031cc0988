// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'

const bcryptHash = /^\$2[yab]\$(\d\d)\$[./A-Za-z0-9]{53}$/

/** A hash of a higher cost would keep the server from everything else for seconds at every login. */
const maximumCost = 15

/**
 * Reads an htpasswd file: `user:hash` a line, with blank lines and lines that start with `#` between. Only bcrypt hashes
 * (`$2y$`, `$2a$`, `$2b$`, as `htpasswd -B` makes them) of a cost up to 15 are taken. Throws `invalid-argument`, with
 * the line's number and never with its content, for everything else: a user whose password would not be checked is
 * better found at the start.
 *
 * @internal
 */
export function parseHtpasswd(text: string): Map<string, string> {
  const users = new Map<string, string>()
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue
    const complain = (why: string) => new StackError('invalid-argument', `htpasswd: line ${index + 1} ${why}`)
    const colon = line.indexOf(':')
    if (colon < 1) throw complain('is not of the form user:hash')
    const [user, hash] = [line.slice(0, colon), line.slice(colon + 1).trimEnd()]
    const cost = bcryptHash.exec(hash)?.[1]
    if (cost === undefined) throw complain('has no bcrypt hash (htpasswd -B makes them)')
    if (Number(cost) < 4 || Number(cost) > maximumCost) throw complain(`has a cost outside 4 to ${maximumCost}`)
    if (users.has(user)) throw complain('names a user for the second time')
    users.set(user, hash)
  }
  return users
}
