// SPDX-License-Identifier: Apache-2.0

/**
 * Every class of failure that crosses a seam. The names are those of containerd's error classes, in kebab case;
 * `docs/errors.md` of this package says what each one means and how each wire spells it.
 *
 * @public
 */
export const errorCodes = [
  'unknown',
  'cancelled',
  'invalid-argument',
  'deadline-exceeded',
  'not-found',
  'already-exists',
  'permission-denied',
  'resource-exhausted',
  'failed-precondition',
  'conflict',
  'not-modified',
  'aborted',
  'out-of-range',
  'not-implemented',
  'internal',
  'unavailable',
  'data-loss',
  'unauthenticated',
] as const

/** One of {@link errorCodes}. @public */
export type ErrorCode = (typeof errorCodes)[number]
