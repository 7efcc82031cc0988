// SPDX-License-Identifier: Apache-2.0
/** The reason why a test of containers cannot run here, or false when it can. */
export const skipReason: string | false = process.getuid?.() === 0 ? false : 'needs root'

/** How many times as long as usual everything may take; an emulated processor is some twenty times slower. */
const patience = Number(process.env.TEU_TEST_PATIENCE ?? 1)

/** Options of every test that makes containers. */
export const rooted = { skip: skipReason, timeout: 60_000 * patience }
