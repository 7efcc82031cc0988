// SPDX-License-Identifier: Apache-2.0
import type { test } from 'node:test'

/** Whether the tests of a file stand beside the originals: in `npm run e2e`, never in `npm test`. */
export const besideOriginals: boolean

/** The first of these programs that is there; undefined in `npm test`, whatever is installed. */
export function originalProgram(...paths: readonly string[]): string | undefined

/** `test`, for what compares with an original or runs on one: in `npm test` there is no such test. */
export const testBesideOriginals: typeof test
