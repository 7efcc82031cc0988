// SPDX-License-Identifier: Apache-2.0

/** What containerd tells a shim by environment variables. @public */
export interface ShimEnvironment {
  /** Where the Events service listens, over ttrpc. Absent: beside the gRPC address, under its name and `.ttrpc`. */
  readonly ttrpcAddress?: string | undefined
  /** Containerd's gRPC address again; since 1.7. */
  readonly grpcAddress?: string | undefined
  readonly namespace?: string | undefined
  /** The highest Task version that containerd speaks; since 1.7. Absent: 2, and a plain start reply. */
  readonly maximumTaskVersion?: number | undefined
  /**
   * `namespace`: the caller can do with one shim for all tasks of its namespace that name no group, since the death of a
   * shim is not the death of its tasks to it. A shim that can serve so says it in its reply; others know nothing of it.
   */
  readonly serves?: 'namespace' | undefined
}

/** Reads what containerd said from a process's environment. @public */
export function readShimEnvironment(env: Readonly<Record<string, string | undefined>>): ShimEnvironment {
  const version = Number(env.MAX_SHIM_VERSION)
  return {
    ttrpcAddress: env.TTRPC_ADDRESS || undefined,
    grpcAddress: env.GRPC_ADDRESS || undefined,
    namespace: env.NAMESPACE || undefined,
    maximumTaskVersion: Number.isInteger(version) && version > 0 ? version : undefined,
    serves: env.TEU_SHIM_SERVES === 'namespace' ? 'namespace' : undefined,
  }
}

/** The variables that tell a shim so, as containerd sets them. @public */
export function formatShimEnvironment(environment: ShimEnvironment): Record<string, string> {
  const env: Record<string, string> = { GOMAXPROCS: '2' }
  if (environment.ttrpcAddress !== undefined) env.TTRPC_ADDRESS = environment.ttrpcAddress
  if (environment.grpcAddress !== undefined) env.GRPC_ADDRESS = environment.grpcAddress
  if (environment.namespace !== undefined) env.NAMESPACE = environment.namespace
  // Where the spans of all layers go, when somebody traces.
  if (process.env.TEU_TRACE) env.TEU_TRACE = process.env.TEU_TRACE
  if (environment.maximumTaskVersion !== undefined) env.MAX_SHIM_VERSION = String(environment.maximumTaskVersion)
  if (environment.serves !== undefined) env.TEU_SHIM_SERVES = environment.serves
  return env
}
