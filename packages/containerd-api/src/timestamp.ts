// SPDX-License-Identifier: Apache-2.0
import type { Timestamp } from './gen/google/protobuf/timestamp.ts'

const nanosPerSecond = 1_000_000_000n

/** A time in nanoseconds since 1970 as a protobuf timestamp. @public */
export function timestampOf(nanoseconds: bigint): Timestamp {
  const nanos = ((nanoseconds % nanosPerSecond) + nanosPerSecond) % nanosPerSecond
  return { seconds: (nanoseconds - nanos) / nanosPerSecond, nanos: Number(nanos) }
}

/** A protobuf timestamp in nanoseconds since 1970; an absent one is 0. @public */
export function nanosecondsOf(timestamp: Timestamp | undefined): bigint {
  return timestamp === undefined ? 0n : timestamp.seconds * nanosPerSecond + BigInt(timestamp.nanos)
}

/** Now, to the microsecond that the platform knows. @public */
export function timestampNow(): Timestamp {
  return timestampOf(BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * 1000n)
}

/** A protobuf timestamp as a `Date`, to the millisecond; an absent one is undefined. @public */
export function dateOf(timestamp: Timestamp | undefined): Date | undefined {
  return timestamp === undefined ? undefined : new Date(Number(nanosecondsOf(timestamp) / 1_000_000n))
}
