// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import { decodeBootstrapResult } from './bootstrap-message.ts'

/** What a shim answers to `start`: where and how its Task service is reached. @public */
export interface StartReply {
  /** The version of the Task service: 2 or 3. */
  readonly version: number
  /** A ttrpc or gRPC address, as `unix:///run/x.sock`. */
  readonly address: string
  readonly protocol: 'ttrpc' | 'grpc'
  /**
   * Set by a shim that serves every container of its namespace that names no group of its own: whoever has this reply
   * may create further tasks at the same address without calling `start` again. Only for callers that have asked for it
   * ({@link ShimEnvironment.serves}), and not in the form of a bare address.
   */
  readonly serves?: 'namespace' | undefined
}

/**
 * Reads what a shim printed: the protobuf answer of containerd 2.3, JSON with a version of 2 or more, or else a bare
 * address, as shims of containerd 1.6 print it, with version 2 over ttrpc. Throws `invalid-argument` when there is no address, and
 * `not-implemented` when the version is above 3 or the protocol unknown.
 *
 * @public
 */
export function parseStartReply(output: string | Uint8Array): StartReply {
  const text = (typeof output === 'string' ? output : Buffer.from(output).toString()).trim()
  const message = typeof output === 'string' ? undefined : decodeBootstrapResult(output)
  const reply = message ?? parseJsonReply(text) ?? { version: 2, address: text, protocol: 'ttrpc', serves: undefined }
  if (reply.version > 3) throw new StackError('not-implemented', `unsupported shim version (${reply.version})`)
  if (reply.protocol !== 'ttrpc' && reply.protocol !== 'grpc') {
    throw new StackError('not-implemented', `unsupported shim protocol ${JSON.stringify(reply.protocol)}`)
  }
  if (reply.address === '' || /\s/.test(reply.address)) {
    throw new StackError('invalid-argument', `shim answered no address: ${JSON.stringify(text.slice(0, 256))}`)
  }
  const { version, address, protocol, serves } = reply
  return { version, address, protocol, ...(serves === 'namespace' && { serves }) }
}

/** The text of a start reply: JSON for a containerd that says which versions it speaks, else the bare address. @public */
export function formatStartReply(reply: StartReply, form: 'plain' | 'json'): string {
  if (form === 'plain') return reply.address
  const { version, address, protocol, serves } = reply
  return JSON.stringify({ version, address, protocol, serves })
}

function parseJsonReply(
  text: string,
): { version: number; address: string; protocol: string; serves: unknown } | undefined {
  if (!text.startsWith('{')) return undefined
  try {
    const parsed = JSON.parse(text) as Record<string, unknown>
    const { version, address, protocol = 'ttrpc', serves } = parsed
    if (typeof version !== 'number' || version < 2) return undefined
    return { version, address: String(address ?? ''), protocol: String(protocol || 'ttrpc'), serves }
  } catch {
    return undefined
  }
}
