// SPDX-License-Identifier: Apache-2.0
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isErrno } from '@teu/linux'
import {
  Any,
  type BootstrapParams,
  encodeBootstrapResult,
  formatShimArguments,
  formatStartReply,
  parseBootstrapParams,
  RuncOptions,
  readShimEnvironment,
  taskApiVersions,
} from '@teu/shim-api'
import { groupOfBundle } from '../bootstrap/grouping.ts'
import { isAnswering } from '../bootstrap/is-answering.ts'
import { makeSocketFolder, shimAddressOf } from '../bootstrap/shim-address.ts'
import { joinShimCgroup } from '../bootstrap/shim-cgroup.ts'
import { lockShim } from '../bootstrap/shim-lock.ts'
import { spawnSelf } from '../bootstrap/spawn-self.ts'
import { readCreateOptions } from '../oci-runtime/create-options.ts'
import { loadContainer } from '../task/container-record.ts'
import { addressOfGroup, requireFlags, type ShimInvocation, servesNamespace } from './surroundings.ts'

/**
 * The start action: finds the shim of the group of the bundle in the working directory, or starts it. Gives what is to
 * be printed: the bare address, JSON to a containerd that says which versions it knows, or a protobuf message to one
 * that sends its own on standard input.
 *
 * @internal
 */
export async function startCommand(called: ShimInvocation, input: Uint8Array): Promise<string | Uint8Array> {
  const params = parseBootstrapParams(input, called.arguments)
  const invocation = params === undefined ? called : withParams(called, params)
  const { arguments: arguments_, env } = invocation
  requireFlags(arguments_, 'namespace', 'id', 'address')
  const bundle = process.cwd()
  const group = await groupOfBundle(bundle)
  const known = await loadContainer(bundle)
  const address = known ? shimAddressOf(known.socket) : addressOfGroup(invocation, group)
  await makeSocketFolder(address.folder)
  {
    using _lock = await lockShim(address.lock)
    if (!(await isAnswering(address.socket))) {
      await rm(address.socket, { force: true })
      const { namespace, id, address: containerd, publishBinary, debug } = arguments_
      const argv = { action: 'serve', namespace, id, address: containerd, publishBinary, debug } as const
      const pid = await spawnSelf(formatShimArguments({ ...argv, bundle, socket: address.socket }), env)
      await joinShimCgroup(pid, optionsOf(input, params).shimCgroup)
    }
  }
  const url = `unix://${address.socket}`
  await writeAddress(bundle, url)
  const { maximumTaskVersion } = readShimEnvironment(env)
  const version = Math.min(maximumTaskVersion ?? taskApiVersions.minimum, taskApiVersions.current)
  const serves = group === '' && servesNamespace(invocation) ? 'namespace' : undefined
  const reply = { version, address: url, protocol: 'ttrpc', serves } as const
  if (params !== undefined) return encodeBootstrapResult({ ...reply, version: taskApiVersions.current })
  return formatStartReply(reply, maximumTaskVersion === undefined ? 'plain' : 'json')
}

/** The options of the runtime that came on standard input: an Any, or in the message; those of other shims are nothing. */
function optionsOf(input: Uint8Array, params: BootstrapParams | undefined): RuncOptions {
  try {
    const extensions = params?.extensions ?? [Any.decode(input)]
    for (const extension of extensions) {
      const options = extension.typeUrl === '' ? undefined : readCreateOptions(extension)
      if (options !== undefined) return options
    }
  } catch {
    // Create gets the same once more, and says what is wrong with it.
  }
  return RuncOptions.fromPartial({})
}

/** What the message says, where flags and environment say nothing; those will go some day. */
function withParams({ arguments: arguments_, env, ...rest }: ShimInvocation, params: BootstrapParams): ShimInvocation {
  return {
    ...rest,
    arguments: {
      ...arguments_,
      address: arguments_.address || params.grpcAddress,
      publishBinary: arguments_.publishBinary || params.containerdBinary,
      debug: arguments_.debug || params.debug,
    },
    env: {
      ...env,
      TTRPC_ADDRESS: env.TTRPC_ADDRESS || params.ttrpcAddress,
      ...(params.socketFolder !== '' && { TEU_SHIM_STATE: env.TEU_SHIM_STATE || params.socketFolder }),
    },
  }
}

/** Containerd up to 1.7 reads the address from here when it starts again. */
async function writeAddress(bundle: string, url: string): Promise<void> {
  try {
    await writeFile(join(bundle, 'address'), url, { mode: 0o600 })
  } catch (error) {
    if (!isErrno(error, 'EROFS', 'EACCES')) throw error
  }
}
