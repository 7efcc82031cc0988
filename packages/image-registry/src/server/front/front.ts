// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TLSSocket } from 'node:tls'
import { type Exchange, exchangeOf } from '../exchange.ts'
import { failureOf } from '../failure.ts'
import { type Route, route } from '../router.ts'

/** Answers requests of the distribution protocol; what it refuses it throws. @internal */
export type Serve = (found: Route, exchange: Exchange) => Promise<void>

/** Collaborators of a {@link Front}. @internal */
export interface FrontInit {
  serve: Serve
  /** Told of what callers see as a status of 500 and above. */
  onError: (error: unknown) => void
}

/** Turns HTTP requests into exchanges, and what is thrown into answers. @internal */
export class Front {
  readonly #init: FrontInit

  constructor(init: FrontInit) {
    this.#init = init
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader('docker-distribution-api-version', 'registry/2.0')
    response.setHeader('x-content-type-options', 'nosniff')
    try {
      const url = URL.parse(request.url ?? '', 'http://registry')
      const found = url === null ? undefined : route(url.pathname)
      if (url === null || found === undefined) return notFound(response)
      const { socket } = request
      const caller = { address: socket.remoteAddress ?? '', secure: (socket as TLSSocket).encrypted === true }
      await this.#init.serve(found, exchangeOf(request, response, { url, caller }))
    } catch (error) {
      this.#fail(error, response)
    }
  }

  #fail(error: unknown, response: ServerResponse): void {
    const failure = failureOf(error)
    if (response.headersSent || response.destroyed) {
      response.destroy()
      return
    }
    if (failure.status >= 500) this.#init.onError(error)
    const body = Buffer.from(failure.body())
    response.writeHead(failure.status, {
      'content-type': 'application/json; charset=utf-8',
      'content-length': String(body.byteLength),
      ...failure.headers,
    })
    response.end(response.req.method === 'HEAD' ? undefined : body)
  }
}

function notFound(response: ServerResponse): void {
  response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' })
  response.end('404 page not found\n')
}
