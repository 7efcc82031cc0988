// SPDX-License-Identifier: Apache-2.0
import {
  checkApiVersion,
  compareApiVersions,
  currentApiVersion,
  encodeError,
  minimumApiVersion,
  notASwarmManager,
  splitApiVersion,
  swarmPaths,
} from '@teu/engine-api'
import { StackError } from '@teu/errors'
import { timed } from '../timed.ts'
import type { EngineRequest, Reply } from './exchange.ts'
import { type Endpoint, findEndpoint } from './router.ts'

/** A request as it came: the target still whole. */
export type RawRequest = Omit<EngineRequest, 'path' | 'apiVersion' | 'query'> & { readonly target: string }

/** Answers any request; never rejects. */
export type Dispatch = (request: RawRequest) => Promise<Reply>

/** Told of every failure that became a reply, for the log. */
export type FailureObserver = (request: RawRequest, status: number, error: unknown) => void

/** Throws for a request that must not be looked at, such as one that a web page has forged. */
export type RequestCheck = (request: RawRequest) => void

/**
 * Answers requests out of a table of endpoints: the version window, paths that need cleaning, unknown paths (404 for
 * a wrong method too), failures as replies.
 */
export function createDispatch(
  endpoints: readonly Endpoint[],
  onFailure: FailureObserver,
  check: RequestCheck = () => {},
): Dispatch {
  return async (raw) => {
    try {
      check(raw)
      return await dispatch(endpoints, raw)
    } catch (error) {
      const reply = failureReply(raw, error)
      onFailure(raw, 'status' in reply ? reply.status : 500, error)
      return reply
    }
  }
}

/** Whether the reply of an endpoint takes its connection over. */
export function canUpgrade(endpoints: readonly Endpoint[], method: string, target: string): boolean {
  const { path } = splitApiVersion(target.split('?', 1)[0] as string)
  return findEndpoint(endpoints, method, path)?.endpoint.route.answer === 'upgrade'
}

async function dispatch(endpoints: readonly Endpoint[], raw: RawRequest): Promise<Reply> {
  const { target, ...rest } = raw
  const at = target.indexOf('?')
  const whole = at < 0 ? target : target.slice(0, at)
  if (whole.includes('//'))
    return { kind: 'redirect', location: whole.replace(/\/{2,}/g, '/') + (at < 0 ? '' : target.slice(at)) }
  const { version, path } = splitApiVersion(whole)
  if (raw.method === 'OPTIONS') return { kind: 'empty', status: 200 }
  if (version !== undefined) checkApiVersion(version)
  const found = findEndpoint(endpoints, raw.method, path)
  if (found === undefined) throw unknownPath(path)
  const query = new URLSearchParams(at < 0 ? '' : target.slice(at + 1))
  const request = { ...rest, path, query, apiVersion: version ?? currentApiVersion }
  return timed('engine', `${raw.method} ${path}`, () => found.endpoint.answer(request, found.path))
}

function unknownPath(path: string): StackError {
  const first = path.split('/')[1] ?? ''
  if ((swarmPaths as readonly string[]).includes(first)) return new StackError('unavailable', notASwarmManager)
  return new StackError('not-found', 'page not found')
}

function failureReply(raw: RawRequest, error: unknown): Reply {
  const { status, body } = encodeError(error)
  if (body === undefined) return { kind: 'empty', status }
  const { version } = splitApiVersion(raw.target.split('?', 1)[0] as string)
  // Clients older than the window expect plain text.
  if (version !== undefined && compareApiVersions(version, minimumApiVersion) < 0) {
    return { kind: 'text', status, text: `${body.message}\n` }
  }
  return { kind: 'json', status, value: body }
}
