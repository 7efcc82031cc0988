// SPDX-License-Identifier: Apache-2.0
import type { Descriptor } from './descriptor.ts'

/** An image for one platform: a configuration and layers, lowest first. OCI's and Docker's (schema 2) have this one form. @public */
export interface Manifest {
  schemaVersion: 2
  mediaType?: string
  /** Of something that is not an image, what it is. */
  artifactType?: string
  config: Descriptor
  layers: Descriptor[]
  /** The manifest that this one is about, such as the image of a signature. */
  subject?: Descriptor
  annotations?: Record<string, string>
}

/** Several manifests under one name, usually one a platform. OCI's index and Docker's manifest list have this one form. @public */
export interface Index {
  schemaVersion: 2
  mediaType?: string
  artifactType?: string
  manifests: Descriptor[]
  subject?: Descriptor
  annotations?: Record<string, string>
}
