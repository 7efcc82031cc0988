// SPDX-License-Identifier: Apache-2.0
import type { Readable } from 'node:stream'
import { StackError } from '@teu/errors'
import { containerRoutes as routes } from '../containers/routes.ts'
import type { ContainerPathStat } from '../containers/types.ts'
import { decodeJsonLines } from '../stream/json-lines.ts'
import type { CallOptions, HijackedConnection, Transport } from './transport.ts'

/** @public */
export interface ContainerAttachOptions extends CallOptions {
  /** Go on with new output; without it only `logs` are sent. */
  stream?: boolean
  stdin?: boolean
  stdout?: boolean
  stderr?: boolean
  /** Send what was output before, first. */
  logs?: boolean
  detachKeys?: string | undefined
}

/** Times as the API spells them; `tail` is a number of lines or `all`. @public */
export interface ContainerLogsOptions extends CallOptions {
  follow?: boolean
  stdout?: boolean
  stderr?: boolean
  since?: string | undefined
  until?: string | undefined
  timestamps?: boolean
  tail?: string | undefined
  details?: boolean
}

/** A tar out of a container, with what the path was. @public */
export interface ContainerArchive {
  content: Readable
  stat: ContainerPathStat
}

/** Calls that carry a container's input, output or files. @public */
export interface ContainerStreamCalls {
  /** Settles when the connection is taken over, before which nothing of the output is lost. */
  containerAttach(id: string, options?: ContainerAttachOptions): Promise<HijackedConnection>
  /** Frames (see `decodeFrames`) unless the container has a terminal. */
  containerLogs(id: string, options?: ContainerLogsOptions): Promise<Readable>
  containerStats(id: string, options?: CallOptions & { stream?: boolean }): Promise<AsyncIterable<unknown>>
  /** The whole root filesystem as a tar. */
  containerExport(id: string, options?: CallOptions): Promise<Readable>
  containerStatPath(id: string, path: string, options?: CallOptions): Promise<ContainerPathStat>
  copyFromContainer(id: string, path: string, options?: CallOptions): Promise<ContainerArchive>
  copyToContainer(
    id: string,
    path: string,
    content: AsyncIterable<Uint8Array>,
    options?: CallOptions & { noOverwriteDirNonDir?: boolean; copyUidGid?: boolean },
  ): Promise<void>
}

/** @internal */
export function containerStreamCalls(transport: Transport): ContainerStreamCalls {
  return {
    containerAttach: (id, { signal, detachKeys, ...wanted } = {}) => {
      const query = { detachKeys, ...flags(wanted) }
      return transport.hijack(routes.attach, { path: { id }, query, signal })
    },
    containerLogs: (id, { signal, since, until, tail, ...wanted } = {}) => {
      const query = { since, until, tail, ...flags(wanted) }
      return transport.call(routes.logs, { path: { id }, query, signal })
    },
    containerStats: async (id, { stream, signal } = {}) => {
      const query = { stream: stream === false ? '0' : '1' }
      return decodeJsonLines(await transport.call(routes.stats, { path: { id }, query, signal }))
    },
    containerExport: (id, { signal } = {}) => transport.call(routes.exportTar, { path: { id }, signal }),
    containerStatPath: async (id, path, { signal } = {}) => {
      const response = await transport.call(routes.archiveStat, { path: { id }, query: { path }, signal })
      response.resume()
      return statOf(response.headers)
    },
    copyFromContainer: async (id, path, { signal } = {}) => {
      const content = await transport.call(routes.archiveGet, { path: { id }, query: { path }, signal })
      return { content, stat: statOf(content.headers) }
    },
    copyToContainer: (id, path, content, { noOverwriteDirNonDir, copyUidGid, signal } = {}) => {
      const query = { path, ...flags({ noOverwriteDirNonDir, copyUIDGID: copyUidGid }) }
      return transport.done(routes.archivePut, { path: { id }, query, stream: content, signal })
    },
  }
}

function flags(values: Readonly<Record<string, boolean | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values)
      .filter(([, value]) => value)
      .map(([name]) => [name, '1']),
  )
}

function statOf(headers: NodeJS.Dict<string | string[]>): ContainerPathStat {
  const value = headers['x-docker-container-path-stat']
  if (typeof value !== 'string') throw new StackError('data-loss', 'reply has no X-Docker-Container-Path-Stat header')
  return JSON.parse(Buffer.from(value, 'base64').toString('utf8')) as ContainerPathStat
}
