// SPDX-License-Identifier: Apache-2.0

/** Where a bucket is and who may use it. @public */
export interface S3StorageInit {
  bucket: string
  /** What goes in front of every key, without a slash at its ends. Default: nothing. */
  prefix?: string
  /** The service's URL. Default: Amazon's, by region. */
  endpoint?: string
  /** Default: what the environment says, else `us-east-1`. */
  region?: string
  /** Default: found as all of Amazon's tools do, in the environment, in files, or from the machine's role. */
  credentials?: { accessKeyId: string; secretAccessKey: string; sessionToken?: string }
  /** Put the bucket in the path instead of in front of the host's name. Default: true when there is an `endpoint`. */
  forcePathStyle?: boolean
  /** Bytes of an upload that are sent together, and held in memory until then: at least 5 MiB, default 8 MiB. A blob has at most 10,000 such parts. */
  partSize?: number
  /** How many parts may be held in memory at once, by all uploads together; others wait. Default 8. */
  maximumParts?: number
  /** How often a request is tried. Default 4. */
  attempts?: number
}
