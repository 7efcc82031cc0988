// SPDX-License-Identifier: Apache-2.0
import manifest from '../package.json' with { type: 'json' }

/** The version that clients read: that of containerd, which defines this API, with our mark. */
export const versionText = '1.6.20+teu'

/** The revision, which clients print beside the version. It names the version of this package. */
export const revisionText = `teu-${manifest.version}`
