// SPDX-License-Identifier: Apache-2.0
import type { Any, ContainerdServices } from '@teu/containerd-api'
import { StackError } from '@teu/errors'

/** A runtime as containerd is told of it. */
export interface RuntimeChoice {
  /** Such as `io.containerd.runc.v2`. */
  name: string
  options: Any | undefined
}

/** A runtime of `daemon.json`: an OCI program by path, or a shim by its runtime type. */
export interface RuntimeConfig {
  path?: string | undefined
  runtimeType?: string | undefined
}

const runcShim = 'io.containerd.runc.v2'
const teuShim = 'io.containerd.teu.v1'

/**
 * The runtime for containers that name none: our shim when the daemon behind `containerd` is ours, else the one that
 * every containerd brings.
 */
export async function detectDefaultRuntime(containerd: ContainerdServices): Promise<string> {
  const { version, revision } = await containerd.version.version({}, { timeoutMs: 10_000 })
  return /\bteu\b/.test(`${version} ${revision}`) ? teuShim : runcShim
}

/**
 * The runtime that a container asks for by name: one of the configured, `runc`, or a shim's full name.
 * `invalid-argument` for what is neither.
 */
export function chooseRuntime(
  requested: string,
  defaultRuntime: string,
  configured: Readonly<Record<string, RuntimeConfig>>,
): RuntimeChoice {
  const name = requested || defaultRuntime
  const config = Object.hasOwn(configured, name) ? configured[name] : undefined
  if (config) {
    const shim = config.runtimeType ?? (defaultRuntime.startsWith('io.containerd.') ? defaultRuntime : runcShim)
    return { name: shim, options: config.path === undefined ? undefined : runcOptions(config.path) }
  }
  if (name.startsWith('io.containerd.')) return { name, options: undefined }
  if (name === 'runc') return { name: runcShim, options: undefined }
  throw new StackError('invalid-argument', `unknown or invalid runtime name: ${name}`)
}

/** `containerd.runc.v1.Options` with its sixth field, the binary's name, alone. */
function runcOptions(binaryName: string): Any {
  const bytes = Buffer.from(binaryName, 'utf8')
  const length: number[] = []
  let rest = bytes.length
  for (; rest > 0x7f; rest >>>= 7) length.push((rest & 0x7f) | 0x80)
  length.push(rest)
  return { typeUrl: 'containerd.runc.v1.Options', value: Buffer.concat([Buffer.from([0x32, ...length]), bytes]) }
}
