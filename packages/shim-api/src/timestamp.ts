// SPDX-License-Identifier: Apache-2.0
import type { Timestamp } from './gen/google/protobuf/timestamp.ts'

const second = 1_000_000_000n

/** A protobuf timestamp from nanoseconds since 1970. @public */
export function timestampFromNanos(nanos: bigint): Timestamp {
  const rest = ((nanos % second) + second) % second
  return { seconds: (nanos - rest) / second, nanos: Number(rest) }
}

/** Nanoseconds since 1970 of a protobuf timestamp. @public */
export function nanosFromTimestamp(timestamp: Timestamp): bigint {
  return timestamp.seconds * second + BigInt(timestamp.nanos)
}

/** This moment, to the millisecond. @public */
export function timestampNow(): Timestamp {
  return timestampFromNanos(BigInt(Date.now()) * 1_000_000n)
}
