// SPDX-License-Identifier: Apache-2.0
/**
 * A suite for each seam of the stack, which runs on any implementation: ours and the originals alike. A suite speaks
 * the wire by itself, so that a mistake shared by a client and a server of ours cannot hide.
 *
 * @example
 * ```ts
 * import { RegistryContext, registrySuite, runSuite } from '@teu/conformance'
 *
 * const results = await runSuite(registrySuite, new RegistryContext('http://127.0.0.1:5000'), {
 *   capabilities: ['push', 'delete'],
 * })
 * console.log(results.filter(({ outcome }) => outcome === 'failed'))
 * ```
 *
 * @packageDocumentation
 */
export { ContainerdContext, type ContainerdContextInit } from './containerd/context.ts'
export { containerdSuite } from './containerd/suite.ts'
export { EngineContext, type EngineContextInit } from './engine/context.ts'
export { engineSuite } from './engine/suite.ts'
export { judge, parseKnownGaps, type Verdict } from './harness/known-gaps.ts'
export { type RunSuiteOptions, runSuite } from './harness/run-suite.ts'
export type { CaseResult, ConformanceCase, ConformanceSuite } from './harness/suite.ts'
export { RegistryContext, type RegistryContextInit } from './registry/context.ts'
export { registrySuite } from './registry/suite.ts'
export { RuntimeContext, type RuntimeContextInit } from './runtime/context.ts'
export { runtimeSuite } from './runtime/suite.ts'
export { ShimContext, type ShimContextInit } from './shim/context.ts'
export { shimSuite } from './shim/suite.ts'
