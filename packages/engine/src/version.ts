// SPDX-License-Identifier: Apache-2.0

/** The version of this engine; a test keeps it equal to the package's. */
export const engineVersion = '0.1.0'
