// SPDX-License-Identifier: Apache-2.0
import { readlinkSync } from 'node:fs'
import { StackError } from '@teu/errors'

/**
 * Whether a descriptor was there before Node opened its own. The first that Node opens is its epoll instance, at the
 * lowest number that was free: everything below it was inherited, and an inherited epoll instance serves nobody.
 */
function isInherited(fd: number): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`) !== 'anon_inode:[eventpoll]'
  } catch {
    return false
  }
}

/** Descriptors that a process inherits besides its standard streams. @internal */
export interface ExtraFds {
  fds: number[]
  environment: string[]
}

/**
 * The descriptors from 3 on that go to the process: first the `listening` ones of socket activation (sd_listen_fds(3)),
 * then as many as `preserve` says. Throws `invalid-argument` when one is not open.
 *
 * @internal
 */
export function extraFds(preserve: number, listening: number): ExtraFds {
  const fds = Array.from({ length: listening + preserve }, (_, index) => 3 + index)
  for (const fd of fds) {
    if (isInherited(fd)) continue
    const which = fd - 3 - listening
    const message = `unable to stat preserved-fd ${which} (of ${preserve}): stat /proc/self/fd/${fd}: no such file or directory`
    throw new StackError('invalid-argument', message)
  }
  if (listening === 0) return { fds, environment: [] }
  // The process's own number, which init fills in.
  return { fds, environment: [`LISTEN_FDS=${listening}`, 'LISTEN_PID=self'] }
}
