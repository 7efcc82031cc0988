// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import type { CallOptions } from '@teu/ttrpc'
import { validateIdentifier } from './identifier.ts'

/** The request metadata that names the namespace of a gRPC call. @public */
export const namespaceHeader = 'containerd-namespace'

/** The request metadata that names the namespace of a ttrpc call. @public */
export const namespaceTtrpcHeader = 'containerd-namespace-ttrpc'

/** The request metadata that names the lease that owns what the call creates. @public */
export const leaseHeader = 'containerd-lease'

/** `options` with the namespace, and the lease when one is given, added to its metadata. @public */
export function inNamespace(namespace: string, options: CallOptions & { lease?: string | undefined } = {}) {
  const { lease, metadata, ...rest } = options
  return {
    ...rest,
    metadata: { ...metadata, [namespaceHeader]: namespace, ...(lease !== undefined && { [leaseHeader]: lease }) },
  } satisfies CallOptions
}

/** `options` with another lease in its metadata. @public */
export function underLease(lease: string, options: CallOptions = {}): CallOptions {
  return { ...options, metadata: { ...options.metadata, [leaseHeader]: lease } }
}

/**
 * The namespace of a call.
 *
 * @throws `failed-precondition` when there is none, `invalid-argument` when it is not an identifier
 * @public
 */
export function namespaceOf(options: CallOptions | undefined): string {
  const name = options?.metadata?.[namespaceHeader]
  if (name === undefined || name === '')
    throw new StackError('failed-precondition', 'namespace is required: failed precondition')
  validateIdentifier(name, 'namespace validation: ')
  return name
}

/** The lease of a call, or undefined. @public */
export function leaseOf(options: CallOptions | undefined): string | undefined {
  return options?.metadata?.[leaseHeader] || undefined
}
