// SPDX-License-Identifier: Apache-2.0
import { type Duplex, duplexPair } from 'node:stream'

/** Two ends of a byte stream in memory: a client on one and a server on the other need no socket. @public */
export function memoryPair(): [Duplex, Duplex] {
  const [one, other] = duplexPair()
  return [one, other]
}
