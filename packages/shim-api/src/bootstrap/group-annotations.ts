// SPDX-License-Identifier: Apache-2.0

/**
 * Annotations of a bundle's config.json whose value names the group of containers that share a shim, the first that is
 * set counting: as containerd-shim-runc-v2 has them.
 *
 * @public
 */
export const groupAnnotations = ['io.containerd.runc.v2.group', 'io.kubernetes.cri.sandbox-id'] as const
