// SPDX-License-Identifier: Apache-2.0

/** The least microseconds of the processor that a call took, of five. */
export function processorTime(call: () => unknown): number
