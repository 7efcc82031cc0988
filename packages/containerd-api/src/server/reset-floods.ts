// SPDX-License-Identifier: Apache-2.0
import { constants, type Http2Server, type Http2Session, type ServerHttp2Stream } from 'node:http2'
import type { Server } from '@grpc/grpc-js'

/** How many calls a client may take back unanswered at once, and how many more each second. */
const limit = { burst: 2000, perSecond: 500 } as const

/** The private method of grpc-js that makes an HTTP/2 server for each address; grpc-js has no option for a limit. */
interface Http2Maker {
  createHttp2Server?: (...args: unknown[]) => Http2Server
}

/**
 * Ends the connections of clients that open streams and reset them before they are answered, in such numbers that
 * nothing but a flood does: with a GOAWAY that says ENHANCE_YOUR_CALM. A stream that is reset with its answer on the
 * way does not count, since Go's content reader ends every one of its calls so.
 *
 * @internal
 */
export function endResetFloods(server: Server): void {
  const maker = server as unknown as Http2Maker
  const make = maker.createHttp2Server
  if (make === undefined) throw new TypeError('this version of grpc-js makes its HTTP/2 servers otherwise')
  maker.createHttp2Server = (...args) => make.apply(server, args).on('session', watch)
}

function watch(session: Http2Session): void {
  let left: number = limit.burst
  let last = performance.now()
  const takenBack = () => {
    const now = performance.now()
    left = Math.min(limit.burst, left + ((now - last) * limit.perSecond) / 1000) - 1
    last = now
    if (left < 0 && !session.destroyed) session.destroy(undefined, constants.NGHTTP2_ENHANCE_YOUR_CALM)
  }
  session.on('stream', (stream: ServerHttp2Stream) => {
    stream.once('aborted', () => stream.headersSent || takenBack())
  })
}
