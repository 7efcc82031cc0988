// SPDX-License-Identifier: Apache-2.0

/** The largest message that either side takes, in bytes: 16 MiB. @public */
export const maximumMessageSize = 16 * 1024 * 1024

/** How much data one content message carries at most, in bytes: 1 MiB. @public */
export const contentChunkSize = 1024 * 1024
