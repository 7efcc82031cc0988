// SPDX-License-Identifier: Apache-2.0
import { closeSync } from 'node:fs'
import { systemError } from '../errno.ts'
import { native } from '../native/load.ts'
import { type NetnsReference, socketConstants as so, socketInNetns } from '../netns/netns.ts'
import { attributeText, decodeNetlinkAttributes } from './attributes.ts'
import { errnoName } from './errno-name.ts'
import {
  decodeNetlinkMessages,
  encodeNetlinkMessage,
  type NetlinkMessage,
  netlinkFlags,
  netlinkTypes,
} from './message.ts'

/** One request to send. @public */
export interface NetlinkRequest {
  type: number
  /** Without `request` and `ack`, which are added. */
  flags?: number
  payload: Uint8Array
}

/** Options of {@link NetlinkSocket.open}. @public */
export interface NetlinkSocketOptions {
  /** The network namespace to speak to; default this process's. */
  netns?: NetnsReference
  /** How long the kernel may take to answer, in milliseconds. Default 5000; then `ETIMEDOUT`. */
  timeoutMs?: number
}

/**
 * A conversation with one netlink family (netlink(7)). The kernel answers while it handles the request, so calls are
 * synchronous. Failures are system errors; their message carries the kernel's own explanation where it gives one.
 *
 * @public
 */
export class NetlinkSocket implements Disposable {
  readonly fd: number
  readonly #timeoutMs: number
  #sequence = 1

  private constructor(fd: number, timeoutMs: number) {
    this.fd = fd
    this.#timeoutMs = timeoutMs
  }

  /** @param protocol Such as `NETLINK_ROUTE` or `NETLINK_NETFILTER` of {@link socketConstants}. */
  static open(protocol: number, options: NetlinkSocketOptions = {}): NetlinkSocket {
    const { netns, timeoutMs = 5000 } = options
    const fd =
      netns === undefined
        ? native().socket(so.AF_NETLINK, so.SOCK_RAW, protocol)
        : socketInNetns(netns, so.AF_NETLINK, so.SOCK_RAW, protocol)
    try {
      native().bindNetlink(fd, 0)
      return new NetlinkSocket(fd, timeoutMs)
    } catch (error) {
      closeSync(fd)
      throw error
    }
  }

  /** Sends one request and returns the messages of its answer; throws what the kernel answered when it failed. */
  request(request: NetlinkRequest): NetlinkMessage[] {
    const dump = ((request.flags ?? 0) & netlinkFlags.dump) === netlinkFlags.dump
    const sequence = this.#send([request], dump ? 0 : netlinkFlags.ack)
    return this.#answer(sequence, new Set([sequence]))
  }

  /**
   * Sends several requests as one datagram, which is how nf_tables takes a transaction, and waits for the
   * acknowledgement of each that asks for one (`ack` in its flags). Throws the first failure.
   */
  batch(requests: readonly NetlinkRequest[]): NetlinkMessage[] {
    const first = this.#send(requests, 0)
    const awaited = new Set<number>()
    requests.forEach((request, i) => {
      if ((request.flags ?? 0) & netlinkFlags.ack) awaited.add(first + i)
    })
    return this.#answer(first, awaited)
  }

  close(): void {
    closeSync(this.fd)
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #send(requests: readonly NetlinkRequest[], extraFlags: number): number {
    const first = this.#sequence
    const messages = requests.map(({ type, flags = 0, payload }, i) =>
      encodeNetlinkMessage({
        type,
        flags: flags | netlinkFlags.request | extraFlags,
        sequence: first + i,
        portId: 0,
        payload,
      }),
    )
    this.#sequence += requests.length
    native().sendNetlink(this.fd, Buffer.concat(messages))
    return first
  }

  #answer(first: number, awaited: Set<number>): NetlinkMessage[] {
    const messages: NetlinkMessage[] = []
    let failure: Error | undefined
    while (awaited.size > 0) {
      for (const message of this.#receive()) {
        if (message.sequence < first) continue
        if (message.type === netlinkTypes.error) failure ??= failureOf(message)
        if (message.type === netlinkTypes.error || message.type === netlinkTypes.done) awaited.delete(message.sequence)
        else messages.push(message)
        // A transaction that is refused as a whole answers once, with the number of its first message.
        if (failure) return this.#drainAndThrow(failure)
      }
    }
    return messages
  }

  #receive(): NetlinkMessage[] {
    const datagram = native().recvNetlink(this.fd, this.#timeoutMs)
    if (!datagram) throw systemError('ETIMEDOUT', 110, 'netlink')
    return decodeNetlinkMessages(datagram)
  }

  #drainAndThrow(failure: Error): never {
    while (native().recvNetlink(this.fd, 0)) {}
    throw failure
  }
}

const ackTlvs = 0x200
const ackCapped = 0x100
const extendedMessage = 1

function failureOf(message: NetlinkMessage): Error | undefined {
  const errno = -message.payload.readInt32LE(0)
  if (errno === 0) return undefined
  const error = systemError(errnoName(errno), errno, 'netlink')
  const explanation = explanationOf(message)
  if (explanation) error.message += ` (${explanation})`
  return error
}

function explanationOf({ flags, payload }: NetlinkMessage): string | undefined {
  if (!(flags & ackTlvs) || payload.length < 20) return undefined
  const echoed = flags & ackCapped ? 16 : payload.readUInt32LE(4)
  const text = decodeNetlinkAttributes(payload, 4 + echoed).find(({ type }) => type === extendedMessage)
  return text && attributeText(text)
}
