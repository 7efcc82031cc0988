// SPDX-License-Identifier: Apache-2.0
import type { NamedCodec } from '../any.ts'
import { CreateOptions } from '../gen/containerd/linux/runc/create_options.ts'
import { CheckpointOptions, Options, ProcessDetails } from '../gen/containerd/runc/v1/options.ts'
import { Metrics as MetricsV1 } from '../gen/io/containerd/cgroups/v1/metrics.ts'
import { Metrics as MetricsV2 } from '../gen/io/containerd/cgroups/v2/metrics.ts'
import { Options as RuntimeOptions } from '../gen/runtimeoptions/v1/options.ts'

/** How a shim of runc's family runs a container; the options of a Create. @public */
export const runcOptions: NamedCodec<Options> = { typeUrl: 'containerd.runc.v1.Options', ...codec(Options) }

/** The same from containerd's Go client, which has them so for every runtime that is not called `io.containerd.runc`. @public */
export const createOptions: NamedCodec<CreateOptions> = {
  typeUrl: 'containerd.linux.runc.CreateOptions',
  ...codec(CreateOptions),
}

/** The options of a Checkpoint. @public */
export const checkpointOptions: NamedCodec<CheckpointOptions> = {
  typeUrl: 'containerd.runc.v1.CheckpointOptions',
  ...codec(CheckpointOptions),
}

/** What Pids says of a process that is an exec. @public */
export const processDetails: NamedCodec<ProcessDetails> = {
  typeUrl: 'containerd.runc.v1.ProcessDetails',
  ...codec(ProcessDetails),
}

/** The options of shims that read their own configuration file. @public */
export const runtimeOptions: NamedCodec<RuntimeOptions> = {
  typeUrl: 'runtimeoptions.v1.Options',
  ...codec(RuntimeOptions),
}

/** What Stats answers on cgroup v1 and on a hybrid. @public */
export const metricsV1: NamedCodec<MetricsV1> = { typeUrl: 'io.containerd.cgroups.v1.Metrics', ...codec(MetricsV1) }

/** What Stats answers on cgroup v2. @public */
export const metricsV2: NamedCodec<MetricsV2> = { typeUrl: 'io.containerd.cgroups.v2.Metrics', ...codec(MetricsV2) }

function codec<T>(messages: {
  encode(message: T): { finish(): Uint8Array }
  decode(bytes: Uint8Array): T
}): Pick<NamedCodec<T>, 'encode' | 'decode'> {
  return { encode: (message) => messages.encode(message), decode: (bytes) => messages.decode(bytes) }
}
