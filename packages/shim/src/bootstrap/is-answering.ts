// SPDX-License-Identifier: Apache-2.0
import { connect } from 'node:net'

/** How long a listening shim may take to accept, in milliseconds. */
const patienceMs = 2000

/** Whether somebody listens on a socket. @internal */
export function isAnswering(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    const settle = (answering: boolean) => {
      socket.destroy()
      resolve(answering)
    }
    socket.setTimeout(patienceMs, () => settle(false))
    socket.once('connect', () => settle(true))
    socket.once('error', () => settle(false))
  })
}
