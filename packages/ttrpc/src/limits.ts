// SPDX-License-Identifier: Apache-2.0

/** The longest body a frame may have, in bytes: 4 MiB. Longer ones are skipped and answered with `resource-exhausted`. @public */
export const maximumMessageLength = 4 * 1024 * 1024

/** How many calls one connection may have in flight at a server before new ones get `resource-exhausted`. @public */
export const maximumConcurrentCalls = 16_384

/** How many messages of one stream may wait for their reader before the connection is no longer read. */
export const streamQueueLength = 64

/** How many unsent bytes a connection may hold before a server stops reading requests from it. */
export const unsentBytesLimit = 1024 * 1024
