// SPDX-License-Identifier: Apache-2.0

/** The name of a program that no root file system has. */
export const missingProgram = 'no-such-program'

/** What every runtime says of it, in its own words: that callers look for these. */
export const missingProgramText = /^(?=.*no-such-program)(?=.*executable file).*not found/s
