// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { tapRequest, tapResponse } from './body-tap.ts'
import type { Fault, FaultAction, FaultKind, FaultTarget } from './fault.ts'

const codes: Record<number, string> = {
  401: 'UNAUTHORIZED',
  403: 'DENIED',
  404: 'NAME_UNKNOWN',
  405: 'UNSUPPORTED',
  429: 'TOOMANYREQUESTS',
  503: 'UNAVAILABLE',
}

/** Lets faults strike requests, in front of all that serves them. @internal */
export class FaultInjector {
  readonly #faults: readonly Fault[]
  readonly #seen = new WeakMap<Fault, number>()

  constructor(faults: readonly Fault[]) {
    this.#faults = faults
  }

  /** Does what the faults that fit say, and then `serve`, unless one of them answered. */
  async handle(request: IncomingMessage, response: ServerResponse, serve: () => void): Promise<void> {
    const { method = '', url: path = '' } = request
    for (const fault of this.#faults) {
      if (!fits(fault.on ?? {}, method, path) || !this.#isDue(fault)) continue
      fault.onStrike?.({ method, path })
      if (fault.do === 'status') return answer(request, response, fault)
      if (fault.do === 'drop' && fault.atByte === 0) return void request.socket.destroy()
      await strike(request, response, fault)
    }
    serve()
  }

  #isDue(fault: Fault): boolean {
    const before = this.#seen.get(fault) ?? 0
    this.#seen.set(fault, before + 1)
    const { after = 0, times = 1 } = fault
    return before >= after && before < after + times
  }
}

async function strike(request: IncomingMessage, response: ServerResponse, action: FaultAction): Promise<void> {
  switch (action.do) {
    case 'delay':
      return sleep(action.ms)
    case 'ignore-range':
      delete request.headers.range
      return
    case 'drop':
    case 'stall':
      return tapResponse(response, { kind: action.do, atByte: action.atByte })
    case 'drop-request':
    case 'stall-request':
      return tapRequest(request, { kind: action.do === 'drop-request' ? 'drop' : 'stall', atByte: action.atByte })
    case 'corrupt':
      return tapResponse(response, { kind: 'corrupt', atByte: action.atByte ?? 0 })
    case 'slow':
      tapRequest(request, { kind: 'slow', bytesPerSecond: action.bytesPerSecond })
      return tapResponse(response, { kind: 'slow', bytesPerSecond: action.bytesPerSecond })
  }
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { status, retryAfter, code = codes[status] ?? 'UNKNOWN' }: Extract<FaultAction, { do: 'status' }>,
): void {
  request.resume()
  const body = `${JSON.stringify({ errors: [{ code, message: 'a fault that was asked for' }] })}\n`
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(Buffer.byteLength(body)),
    ...(retryAfter !== undefined && { 'retry-after': String(retryAfter) }),
  })
  response.end(request.method === 'HEAD' ? undefined : body)
}

function fits({ method, kind, path }: FaultTarget, actual: string, url: string): boolean {
  const isOneOf = (wanted: string | readonly string[] | undefined, value: string) =>
    wanted === undefined || [wanted].flat().includes(value)
  return isOneOf(method, actual) && isOneOf(kind, kindOf(url)) && (path === undefined || path.test(url))
}

function kindOf(url: string): FaultKind {
  const path = url.split('?', 1)[0] as string
  if (/^\/v2\/?$/.test(path)) return 'ping'
  if (path === '/v2/_catalog') return 'catalog'
  if (!path.startsWith('/v2/')) return 'other'
  if (path.endsWith('/tags/list')) return 'tags'
  if (/\/blobs\/uploads\/[^/]*$/.test(path)) return 'upload'
  return (/\/(manifest|blob|referrer)s\/[^/]+$/.exec(path)?.[1]?.replace('referrer', 'referrers') ??
    'other') as FaultKind
}
