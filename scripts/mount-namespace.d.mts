// SPDX-License-Identifier: Apache-2.0

/** Runs a program of this Node in a mount namespace of its own; returns its exit status, 1 when it did not exit. */
export function runInMountNamespace(argv: readonly string[]): number
