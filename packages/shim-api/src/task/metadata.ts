// SPDX-License-Identifier: Apache-2.0

/** The metadata key under which a ttrpc call carries its containerd namespace. @public */
export const namespaceMetadataKey = 'containerd-namespace-ttrpc'

/** Metadata that names a containerd namespace. @public */
export function namespaceMetadata(namespace: string): Readonly<Record<string, string>> {
  return { [namespaceMetadataKey]: namespace }
}
