// SPDX-License-Identifier: Apache-2.0
/**
 * The whole stack in one install: the programs `teu` and `teud`, and the stack as a value. It is the one place where
 * the layers meet; each satisfies the contract that the one above it consumes.
 *
 * @example
 * ```ts
 * import { createStack } from 'teu'
 *
 * await using stack = await createStack({
 *   dataRoot: '/var/lib/my-stack',
 *   execRoot: '/run/my-stack',
 *   hosts: ['unix:///run/my-stack/engine.sock'],
 * })
 * console.log(stack.hosts)
 * ```
 *
 * @packageDocumentation
 */
export { runTeud } from './daemon.ts'
export { defaultHost } from './default-host.ts'
export { createStack, type EmbeddedContainerdInit, embedContainerd, type Stack, type StackOptions } from './stack.ts'
export { startDaemon } from './start-daemon.ts'
