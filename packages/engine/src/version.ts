// SPDX-License-Identifier: Apache-2.0
import manifest from '../package.json' with { type: 'json' }

/** The version of this engine: that of its package. @public */
export const engineVersion: string = manifest.version
