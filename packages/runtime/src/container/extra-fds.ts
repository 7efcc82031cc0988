// SPDX-License-Identifier: Apache-2.0
import { fstatSync } from 'node:fs'
import { StackError } from '@teu/errors'

/** Descriptors that a process inherits besides its standard streams. @internal */
export interface ExtraFds {
  fds: number[]
  environment: string[]
}

/**
 * The descriptors from 3 on that go to the process: first those of socket activation (`LISTEN_FDS` of `environment`,
 * sd_listen_fds(3)), then as many as `preserve` says. Throws `invalid-argument` when one is not open.
 *
 * @internal
 */
export function extraFds(preserve: number, listenFds: string | undefined, listenPid: string | undefined): ExtraFds {
  const listening = /^\d{1,4}$/.test(listenFds ?? '') ? Number(listenFds) : 0
  const fds = Array.from({ length: listening + preserve }, (_, index) => 3 + index)
  for (const fd of fds) {
    try {
      fstatSync(fd)
    } catch (error) {
      throw new StackError('invalid-argument', `please check that preserved-fd ${fd - 3} (of ${preserve}) is present`, {
        cause: error,
      })
    }
  }
  const environment =
    listening > 0 ? [`LISTEN_FDS=${listening}`, ...(listenPid ? [`LISTEN_PID=${listenPid}`] : [])] : []
  return { fds, environment }
}
