// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage, ServerResponse } from 'node:http'
import { endAnswer } from '../end-answer.ts'
import { type Caller, type Exchange, exchangeOf, type Traffic } from '../exchange.ts'
import { Failure, failureOf } from '../failure.ts'
import { type Route, route } from '../router.ts'
import type { CallerOf } from './caller-of.ts'
import type { RequestRecord } from './request-record.ts'

/** Answers requests of the distribution protocol; what it refuses it throws. @internal */
export type Serve = (found: Route, exchange: Exchange) => Promise<void>

/** What lies beside the protocol: tokens, pages, metrics. @internal */
export interface Annex {
  kind: RequestRecord['route']
  serve(exchange: Exchange): Promise<void> | void
}

/** Collaborators of a {@link Front}. @internal */
export interface FrontInit {
  serve: Serve
  /** What answers a path that is none of the protocol's. */
  annex: (pathname: string) => Annex | undefined
  callerOf: CallerOf
  /** Told of every request when it is over. */
  onRequest: (record: RequestRecord) => void
  /** Told when a request begins (1) and ends (-1). */
  onFlight: (change: 1 | -1) => void
  /** Told of what callers see as a status of 500 and above. */
  onError: (error: unknown) => void
}

/** How long a caller that was refused may go on sending before the connection is cut. */
const drainMs = 2_000

/** What is noted of a request while it goes on. */
interface Notes {
  route: RequestRecord['route']
  repository: string | undefined
  code: string | undefined
}

/** Turns HTTP requests into exchanges, and what is thrown into answers. @internal */
export class Front {
  readonly #init: FrontInit
  /** Set when the server is about to end: no connection is kept for another request. */
  isClosing = false

  constructor(init: FrontInit) {
    this.#init = init
  }

  /** `mayWait`: the client waits to be told to send its body (`Expect: 100-continue`). */
  async handle(request: IncomingMessage, response: ServerResponse, mayWait = false): Promise<void> {
    const traffic = { received: 0, sent: 0 }
    const caller = this.#init.callerOf(request)
    const notes: Notes = { route: 'none', repository: undefined, code: undefined }
    this.#watch({ request, response, traffic, caller, notes })
    response.setHeader('docker-distribution-api-version', 'registry/2.0')
    response.setHeader('x-content-type-options', 'nosniff')
    if (this.isClosing) response.setHeader('connection', 'close')
    try {
      const url = URL.parse(request.url ?? '', 'http://registry')
      if (url === null) return notFound(response)
      const onBody = mayWait ? () => response.writeContinue() : undefined
      const exchange = exchangeOf(request, response, { url, caller, traffic, ...(onBody && { onBody }) })
      if (!(await this.#dispatch(url.pathname, exchange, notes))) notFound(response)
    } catch (error) {
      this.#fail(error, response, notes)
    } finally {
      cutOff(request, response)
    }
  }

  async #dispatch(pathname: string, exchange: Exchange, notes: Notes): Promise<boolean> {
    const annex = this.#init.annex(pathname)
    const found = annex === undefined ? route(pathname) : undefined
    notes.route = annex?.kind ?? found?.kind ?? 'none'
    if (found !== undefined && 'name' in found) notes.repository = found.name
    if (found !== undefined) await this.#init.serve(found, exchange)
    await annex?.serve(exchange)
    return found !== undefined || annex !== undefined
  }

  #watch(going: {
    request: IncomingMessage
    response: ServerResponse
    traffic: Traffic
    caller: Caller
    notes: Notes
  }) {
    const { request, response, traffic, caller, notes } = going
    const started = performance.now()
    this.#init.onFlight(1)
    response.once('close', () => {
      this.#init.onFlight(-1)
      const userAgent = request.headers['user-agent']?.slice(0, 256)
      this.#init.onRequest({
        method: request.method ?? '',
        path: (request.url ?? '').split('?', 1)[0]?.slice(0, 512) ?? '',
        route: notes.route,
        ...(notes.repository !== undefined && { repository: notes.repository }),
        status: response.writableFinished || response.headersSent ? response.statusCode : 499,
        durationMs: Math.round((performance.now() - started) * 10) / 10,
        ...traffic,
        address: caller.address,
        ...(caller.user !== undefined && { user: caller.user }),
        ...(userAgent !== undefined && { userAgent }),
        ...(notes.code !== undefined && { code: notes.code }),
      })
    })
  }

  #fail(error: unknown, response: ServerResponse, notes: Notes): void {
    const failure = failureOf(error)
    notes.code = failure.code
    if (response.headersSent || response.destroyed) {
      response.destroy()
      return
    }
    if (failure.status >= 500 && !(error instanceof Failure)) this.#init.onError(error)
    const body = Buffer.from(failure.body())
    response.writeHead(failure.status, {
      'content-type': 'application/json; charset=utf-8',
      'content-length': String(body.byteLength),
      ...failure.headers,
    })
    endAnswer(response.req, response, response.req.method === 'HEAD' ? undefined : body)
  }
}

function notFound(response: ServerResponse): void {
  const text = '404 page not found\n'
  response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8', 'content-length': String(text.length) })
  endAnswer(response.req, response, response.req.method === 'HEAD' ? undefined : text)
}

/** Reads what a caller still sends, and bounds how long: the answer is on its way, see {@link endAnswer}. */
function cutOff(request: IncomingMessage, response: ServerResponse): void {
  if (request.complete || request.destroyed) return
  const timer = setTimeout(() => !request.complete && request.destroy(), drainMs).unref()
  response.once('close', () => request.complete && clearTimeout(timer))
  request.resume()
}
