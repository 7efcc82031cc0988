// SPDX-License-Identifier: Apache-2.0
import manifest from '../package.json' with { type: 'json' }

/** What clients read as the version: containerd's, whose API this is, with our mark. */
export const versionText = '1.6.20+teu'

/** What the source is: clients print it beside the version. It names the version of this package. */
export const revisionText = `teu-${manifest.version}`
